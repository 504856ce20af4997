/** An issue that a remedy made is closed when its problem is gone, beside a server that answers by GitHub's own description. */
import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { upsertProblemIssue } from '../../bots/remedies/github.upsert-issue.ts';
import { closeIssues } from '../../jobs/close-issues.ts';
import { storeSealed } from '../../src/data/secrets/rows.ts';
import { openGitHub } from '../../src/github/client.ts';
import { readKeyRing } from '../../src/ground/secrets/key-ring.ts';
import { reply, serveGitHub } from '../github/server.ts';
import { repositoryState } from '../github/state.ts';
import { everythingIn } from '../heal/secret-scene.ts';
import { backends, type Backend } from '../support/backends.ts';
import { aBot, catalogue, entry, problem } from '../support/builders.ts';
import { startFlow } from '../support/engine.ts';
import { nothingHeldOut, run, set } from '../support/runs.ts';
import { aRun, carried } from './job-flow.ts';

const [postgres] = backends as [Backend];
const token = 'ghp_k3Vt8Lr2Xw9Bn4MqZd7Pf5Hs1Jc6Ga0EyUo';

async function scene() {
  const { url, host, state } = await serveGitHub([repositoryState('acme/alarms', new Date())]);
  state.token = token;
  // Loads Octokit before the run begins: on a busy machine that takes longer than its lease, and here it is done by the same process.
  await openGitHub(
    { baseUrl: url, credentials: { token } },
    { hosts: [host], signal: new AbortController().signal },
  );
  const keys = readKeyRing(`k1:${randomBytes(32).toString('base64')}`);
  const open = new Set<string>();
  const watch = aBot(
    'watch',
    async () => ({ examined: ['a', 'b'], findings: [...open].map((each) => problem(each)) }),
    {
      knowledge: [
        entry(
          'tell',
          `steps:
  - remedy: github.upsert-issue
    with:
      token: '{{secret:GITHUB_TOKEN}}'
      repository: acme/alarms
      base_url: ${url}
`,
        ),
      ],
    },
  );
  const engine = await startFlow(postgres, catalogue([watch], [upsertProblemIssue]), {
    jobs: [closeIssues],
    roles: ['scheduler'],
    sources: { keys, variable: () => undefined },
  });
  const { db, jobEngine } = engine;
  await sql`INSERT INTO engine.settings (key, value) VALUES ('http_hosts', ${JSON.stringify([host])}::jsonb)`.execute(
    db,
  );
  await storeSealed(db, keys, { name: 'GITHUB_TOKEN', value: token, actor: 'ann' });
  await nothingHeldOut(db);
  await set(db, 'mode', 'auto');
  const issues = () => (state.issues.get('acme/alarms') ?? []).map(({ state: is }) => is);
  const round = async (...components: string[]) => {
    open.clear();
    for (const each of components) open.add(each);
    await run(engine, 'watch', { max_attempts: 1 });
  };
  const job = async () => (await carried(jobEngine, await aRun(db, closeIssues))).figures;
  return { db, state, issues, round, job };
}

test('an issue is closed when its problem is gone, once, and the others stay', async () => {
  const { db, state, issues, round, job } = await scene();
  await round('a', 'b');
  expect(issues()).toEqual(['open', 'open']);
  expect(await job()).toEqual({ closed: 0, closed_before: 0, waiting: 0 });
  await round('b');
  expect(issues()).toEqual(['open', 'open']);
  expect(await job()).toEqual({ closed: 1, closed_before: 0, waiting: 0 });
  const gone = state.issues
    .get('acme/alarms')!
    .find(({ title }) => title.startsWith('a is broken'));
  expect(gone).toMatchObject({ state: 'closed', state_reason: 'completed' });
  expect(issues().toSorted()).toEqual(['closed', 'open']);
  // A person who opens it again has a reason.
  gone!.state = 'open';
  const asked = state.requests.length;
  expect(await job()).toEqual({ closed: 0, closed_before: 0, waiting: 0 });
  expect(gone!.state).toBe('open');
  expect(state.requests).toHaveLength(asked);
  expect(await everythingIn(db)).not.toContain(token);
});

test('what GitHub does not do now is done by a later run, unless the mode is off', async () => {
  const { db, state, issues, round, job } = await scene();
  await round('a', 'b');
  await round();
  state.instead.push((_, answer) => reply(state, answer, 401, { message: `not ${token}` }));
  expect(await job()).toEqual({
    closed: 0,
    closed_before: 0,
    waiting: 2,
    why: [expect.stringContaining('acme/alarms: ')],
  });
  expect(issues()).toEqual(['open', 'open']);
  await set(db, 'mode', 'off');
  const asked = state.requests.length;
  expect(await job()).toMatchObject({ closed: 0, why: ['the mode is off'] });
  expect(state.requests).toHaveLength(asked);
  await set(db, 'mode', 'auto');
  // A person has closed one of them.
  state.issues.get('acme/alarms')![0]!.state = 'closed';
  expect(await job()).toEqual({ closed: 1, closed_before: 1, waiting: 0 });
  expect(issues()).toEqual(['closed', 'closed']);
  expect(await everythingIn(db)).not.toContain(token);
});

test('a problem that is back keeps its issue', async () => {
  const { issues, round, job } = await scene();
  await round('a');
  await round();
  await round('a');
  expect(await job()).toEqual({ closed: 0, closed_before: 0, waiting: 0 });
  expect(issues()).toEqual(['open']);
});
