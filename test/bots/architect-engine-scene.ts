/** architect as the engine runs it: in a child process, with its token from the store, its memory and its findings in rows. */
import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { bots, remedies } from '../../bots/index.ts';
import { storeSealed } from '../../src/data/secrets/rows.ts';
import { readKeyRing } from '../../src/ground/secrets/key-ring.ts';
import { serveGitHub } from '../github/server.ts';
import { commitOf, type RepositoryState } from '../github/state.ts';
import { engineWithChildren } from '../support/children.ts';
import { run } from '../support/runs.ts';

export const token = 'ghp_q8Zt4Lr9Xv2Bn7MwKd5Pf1Hs6Jc3Ga0EyUi';

export const failing = (count: number): RepositoryState['commits'] =>
  Array.from({ length: count + 1 }, (_, at) =>
    commitOf(new Date(Date.now() - (at + 1) * 600_000), at === count ? 'SUCCESS' : 'FAILURE'),
  );

export const suites: RepositoryState['suites'] = [
  {
    status: 'COMPLETED',
    conclusion: 'FAILURE',
    at: new Date(Date.now() - 600_000),
    workflow: { name: 'CI', run: 77 },
    runs: [{ name: 'build', conclusion: 'FAILURE' }],
  },
];

export async function scene(repositories: RepositoryState[]) {
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
