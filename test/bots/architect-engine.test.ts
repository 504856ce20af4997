/** architect as the engine runs it: in a child process, with its token from the store, its memory and its findings in rows. */
import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { bots, remedies } from '../../bots/index.ts';
import { storeSealed } from '../../src/data/secrets/rows.ts';
import { readKeyRing } from '../../src/ground/secrets/key-ring.ts';
import { answerTicket, findAnswerable } from '../../src/services/tickets/answer.ts';
import { reply, serveGitHub } from '../github/server.ts';
import { commitOf, repositoryState, type RepositoryState } from '../github/state.ts';
import { everythingIn } from '../heal/secret-scene.ts';
import { engineWithChildren } from '../support/children.ts';
import { nothingHeldOut, run, set } from '../support/runs.ts';

const token = 'ghp_q8Zt4Lr9Xv2Bn7MwKd5Pf1Hs6Jc3Ga0EyUi';

const failing = (count: number): RepositoryState['commits'] =>
  Array.from({ length: count + 1 }, (_, at) =>
    commitOf(new Date(Date.now() - (at + 1) * 600_000), at === count ? 'SUCCESS' : 'FAILURE'),
  );

const suites: RepositoryState['suites'] = [
  {
    status: 'COMPLETED',
    conclusion: 'FAILURE',
    at: new Date(Date.now() - 600_000),
    workflow: { name: 'CI', run: 77 },
    runs: [{ name: 'build', conclusion: 'FAILURE' }],
  },
];

async function scene(repositories: RepositoryState[]) {
  const keys = readKeyRing(`k1:${randomBytes(32).toString('base64')}`);
  const engine = await engineWithChildren(
    new URL('../../bots/index.ts', import.meta.url),
    { bots, remedies },
    {},
    { sources: { keys, variable: () => undefined } },
  );
  const { db } = engine;
  const { state, url, host } = await serveGitHub(repositories);
  state.token = token;
  await sql`INSERT INTO engine.settings (key, value) VALUES ('http_hosts', ${JSON.stringify([host])}::jsonb)`.execute(
    db,
  );
  await storeSealed(db, keys, { name: 'GITHUB_TOKEN', value: token, actor: 'ann' });
  const names = repositories.map(({ owner, name }) => `${owner}/${name}`);
  await sql`UPDATE bots SET config = ${JSON.stringify({ base_url: url, repositories: names })}::jsonb WHERE name = 'architect'`.execute(
    db,
  );
  await sql`
    UPDATE bot_knowledge SET solution = replace(solution, '    with:', ${`    with:\n      base_url: ${url}`})
    WHERE name = 'repositories.failing-branch'`.execute(db);
  const open = () =>
    db
      .selectFrom('bot_findings')
      .select(['title', 'check_name'])
      .where('resolved_at', 'is', null)
      .orderBy('title')
      .execute();
  const round = () => run(engine, 'architect', { max_attempts: 1 });
  return { engine, db, state, open, round };
}

test('the checks of a run share one reading, and no row has the token', async () => {
  const { db, state, open, round } = await scene([
    repositoryState('acme/shop', new Date(), { commits: failing(3), suites }),
    repositoryState('acme/site', new Date()),
  ]);
  expect(await round()).toMatchObject({ status: 'success', checks_performed: 10, issues_found: 1 });
  expect(await open()).toMatchObject([
    { title: 'Branch main of acme/shop fails: 3 commits in a row', check_name: 'default-branch' },
  ]);
  // All repositories, the failing one, required checks; alerts of two kinds, keys, permissions.
  const paths = state.requests.map(({ path }) => path.replace(/\?.*/, ''));
  expect(paths.filter((path) => path === '/graphql')).toHaveLength(3);
  expect(paths).toHaveLength(7);
  // The next run reads the branches anew, and takes the next turn of what is read seldom.
  state.repositories[0]!.commits.unshift(commitOf(new Date(), 'SUCCESS'));
  await round();
  expect(await open()).toEqual([]);
  const keys = state.requests.filter(({ path }) => path.includes('/keys'));
  expect(keys.map(({ path }) => path)).toEqual([
    expect.stringContaining('acme/shop'),
    expect.stringContaining('acme/site'),
  ]);
  expect(await everythingIn(db)).not.toContain(token);
});

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

test('failed jobs run again once a person approves it, and what comes of it is not guessed meanwhile', async () => {
  const { engine, db, state, open, round } = await scene([
    repositoryState('acme/shop', new Date(), { commits: failing(3), suites }),
  ]);
  await nothingHeldOut(db);
  await set(db, 'mode', 'auto');
  state.runs.set(77, { id: 77, status: 'completed', conclusion: 'failure', run_attempt: 1 });
  await round();
  expect(state.runs.get(77)).toMatchObject({ run_attempt: 1 });
  const { rows } = await sql<{
    number: string;
  }>`SELECT number FROM bot_tickets WHERE status IN ('open', 'assigned')`.execute(db);
  const actor = { name: 'ann', role: 'owner' } as const;
  const ticket = `T-${rows[0]!.number}`;
  const asked = { db, catalogue: async () => engine.catalogue };
  const { ticket: found, suggestion } = await findAnswerable(asked, {
    ticket,
    knowledge: undefined,
    answer: 'approved',
  });
  await answerTicket(
    { db, actor } as never,
    { ticket: found, suggestion, answer: 'approved' } as never,
  );
  await round();
  expect(state.runs.get(77)).toMatchObject({ run_attempt: 2, status: 'queued' });
  // While they run, the finding stays.
  state.repositories[0]!.commits[0]!.state = 'PENDING';
  await round();
  expect(await open()).toHaveLength(1);
  expect(state.runs.get(77)).toMatchObject({ run_attempt: 2 });
  state.repositories[0]!.commits[0]!.state = 'SUCCESS';
  await round();
  expect(await open()).toEqual([]);
  expect(await everythingIn(db)).not.toContain(token);
});
