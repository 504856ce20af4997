/** The architect in a child process, where GitHub does not take its token. */
import { expect, test } from 'vitest';
import { reply } from '../github/server.ts';
import { repositoryState } from '../github/state.ts';
import { everythingIn } from '../heal/secret-scene.ts';
import { scene, token } from './architect-engine-scene.ts';

test('a revoked token is one finding, whose text does not hold it', async () => {
  const { db, state, open, round } = await scene([repositoryState('acme/shop', new Date())]);
  state.instead.push((_, answer) =>
    reply(state, answer, 401, { message: `Bad credentials ${token}` }),
  );
  await round();
  expect((await open()).map(({ title }) => title)).toEqual([
    'GitHub does not take GITHUB_TOKEN (401), so that no repository is watched',
  ]);
  expect(await everythingIn(db)).not.toContain(token);
  await round();
  expect(await open()).toEqual([]);
});
