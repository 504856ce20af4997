/** Remedies that act at GitHub, beside a server that answers by GitHub's own description. */
import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { sql } from 'kysely';
import { beforeAll, expect, test } from 'vitest';
import { rerunFailedJobs } from '../../bots/remedies/github.rerun-failed-jobs.ts';
import { upsertProblemIssue } from '../../bots/remedies/github.upsert-issue.ts';
import { NotAppliedError } from '../../src/bot.ts';
import type { Remedy, RemedyContext, UndoContext } from '../../src/bot.ts';
import { botChanges } from '../../src/heal/bot-changes.ts';
import { insertAction } from '../cli/known.ts';
import { insertBot, insertFinding } from '../cli/rows.ts';
import { reply, serveGitHub, type GitHubState } from '../github/server.ts';
import { repositoryState } from '../github/state.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';

let db: TestDatabase['db'];
beforeAll(async () => {
  ({ db } = await testDatabase());
});

let serial = 0;

async function scene(target: Partial<RemedyContext['target']> = {}) {
  const { url, host, state } = await serveGitHub([
    repositoryState('acme/shop', new Date()),
    repositoryState('acme/alarms', new Date()),
  ]);
  state.token = `ghp_${String(++serial).padStart(36, 'd')}`;
  await sql`INSERT INTO engine.settings (key, value) VALUES ('http_hosts', ${JSON.stringify([host])}::jsonb)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value`.execute(db);
  const context: RemedyContext = {
    ...botChanges(db as never),
    db,
    target: {
      fingerprint: 'f0',
      component: 'acme/shop',
      key: 'acme/shop',
      metadata: { run_id: 77 },
      ...target,
    },
    key: randomUUID(),
    secret: (name) => (name === 'GITHUB_TOKEN' ? state.token : expect.unreachable()),
    now: new Date(),
    signal: new AbortController().signal,
  };
  const given = (remedy: Remedy, more: object = {}) =>
    remedy.params.parse({ token: '{{secret:GITHUB_TOKEN}}', base_url: url, ...more });
  return { state, context, given };
}

const refusal = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => expect.unreachable(),
    (error: unknown) => {
      expect(error).toBeInstanceOf(NotAppliedError);
      return (error as Error).message;
    },
  );

const failed = { id: 77, status: 'completed', conclusion: 'failure', run_attempt: 1 };

test('failed jobs are run once more, and never twice', async () => {
  const { state, context, given } = await scene();
  state.runs.set(77, { ...failed, head_sha: headOf(state) });
  const params = given(rerunFailedJobs);
  expect(await rerunFailedJobs.isDone(params, context)).toBe(false);
  expect((await rerunFailedJobs.apply(params, context)).summary).toContain('run 77 of acme/shop');
  // It is under way, then failed again, then succeeded: it is left as it is.
  expect(await rerunFailedJobs.isDone(params, context)).toBe(true);
  Object.assign(state.runs.get(77)!, { status: 'completed', conclusion: 'failure' });
  expect(await rerunFailedJobs.isDone(params, context)).toBe(true);
  await refusal(rerunFailedJobs.apply(params, context));
  expect(state.runs.get(77)).toMatchObject({ run_attempt: 2 });
});

test('whether a lost answer was a re-run is asked, and not guessed', async () => {
  const { state, context, given } = await scene();
  state.runs.set(77, { ...failed, head_sha: headOf(state) });
  state.instead.push(({ method, pathname }, answer) => {
    if (method !== 'POST' || !pathname.includes('rerun')) return 'pass';
    Object.assign(state.runs.get(77)!, { run_attempt: 2, status: 'queued', conclusion: null });
    answer.destroy();
  });
  const params = given(rerunFailedJobs);
  const error = await rerunFailedJobs.apply(params, context).catch((thrown: unknown) => thrown);
  expect(error).not.toBeInstanceOf(NotAppliedError);
  expect(error).toBeInstanceOf(Error);
  expect(await rerunFailedJobs.isDone(params, context)).toBe(true);
});

/** The newest commit of the repository that the server has. */
const headOf = ({ repositories }: GitHubState) => repositories[0]!.commits[0]!.oid;

test('two that run the same jobs again at once start them once', async () => {
  const { state, context, given } = await scene();
  state.runs.set(77, { ...failed, head_sha: headOf(state) });
  const params = given(rerunFailedJobs);
  const outcomes = await Promise.allSettled([
    rerunFailedJobs.apply(params, context),
    rerunFailedJobs.apply(params, context),
  ]);
  expect(state.runs.get(77)).toMatchObject({ run_attempt: 2 });
  expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  const lost = outcomes.find((each) => each.status === 'rejected')!;
  expect(lost.reason).toBeInstanceOf(NotAppliedError);
});

test.each([
  ['that a person ran again', { run_attempt: 2 }, /was run again already/],
  ['that goes on', { status: 'in_progress', conclusion: null }, /goes on/],
  ['that succeeded', { conclusion: 'success' }, /run again already/],
  [
    'that is older than 30 days',
    { created_at: new Date(Date.now() - 31 * 86_400_000).toISOString() },
    /older than 30 days/,
  ],
  ['of a commit that is the newest no more', { head_sha: 'f'.repeat(40) }, /newer commit/],
])('a run %s is left as it is, and GitHub is not asked to run it', async (_, more, why) => {
  const { state, context, given } = await scene();
  state.runs.set(77, { ...failed, head_sha: headOf(state), ...more });
  expect(await refusal(rerunFailedJobs.apply(given(rerunFailedJobs), context))).toMatch(why);
  expect(state.requests.filter(({ path }) => path.includes('rerun'))).toEqual([]);
});

test('what GitHub refuses to run again names each reason that it may have', async () => {
  const { state, context, given } = await scene();
  state.runs.set(77, { ...failed, head_sha: headOf(state) });
  state.instead.push(({ method, pathname }, answer) =>
    method === 'POST' && pathname.includes('rerun')
      ? reply(state, answer, 403, { message: 'This workflow run cannot be retried' })
      : 'pass',
  );
  expect(await refusal(rerunFailedJobs.apply(given(rerunFailedJobs), context))).toMatch(
    /permission.*50 times/,
  );
});

test.each([
  ['{}', {}],
  ['a page', '<html>Sign in</html>'],
  ['a run without a state', { id: 77, conclusion: 'failure' }],
])('a server that answers %s for the run is certain not to have run it', async (_, body) => {
  const { state, context, given } = await scene();
  state.instead.push(({ pathname }, answer) =>
    pathname.endsWith('/runs/77') ? reply(state, answer, 200, body) : 'pass',
  );
  await refusal(rerunFailedJobs.apply(given(rerunFailedJobs), context));
  expect(state.requests.filter(({ method }) => method === 'POST')).toEqual([]);
});

test('a finding that names no run, and a token that may not, are certain not to have done anything', async () => {
  const { state, context, given } = await scene({ metadata: {} });
  expect(await refusal(rerunFailedJobs.apply(given(rerunFailedJobs), context))).toMatch(
    /names no run/,
  );
  const other = await scene({ component: 'not a repository' });
  await refusal(
    other.context.target && rerunFailedJobs.apply(other.given(rerunFailedJobs), other.context),
  );
  const third = await scene();
  third.state.runs.set(77, { ...failed, head_sha: headOf(third.state) });
  third.state.instead.push(({ method, pathname }, answer) =>
    method === 'POST' && pathname.includes('rerun')
      ? reply(third.state, answer, 403, { message: 'no' })
      : 'pass',
  );
  const why = await refusal(rerunFailedJobs.apply(third.given(rerunFailedJobs), third.context));
  expect(why).toMatch(/403/);
  expect(why).not.toContain(third.state.token);
  expect(state.requests).toEqual([]);
});

test('a token stands in parameters by the name of its secret alone', () => {
  for (const remedy of [rerunFailedJobs, upsertProblemIssue]) {
    expect(remedy.params.safeParse({ token: 'ghp_0123456789' }).success).toBe(false);
    expect(remedy.params.safeParse({ token: '{{secret:GITHUB_TOKEN}}' }).success).toBe(true);
  }
});

/** Stores an open finding, and returns its fingerprint. */
async function problem(title: string): Promise<string> {
  const fingerprint = randomUUID().replaceAll('-', '');
  const bot = await insertBot(db, `bot-${fingerprint.slice(0, 8)}`);
  await insertFinding(db, bot, title, { fingerprint });
  return fingerprint;
}

test('an issue that no list shows is found by the number that the ledger has, and no second one is made', async () => {
  const fingerprint = await problem('payments fail');
  const { state, context, given } = await scene({ fingerprint });
  const params = given(upsertProblemIssue, { repository: 'acme/alarms' });
  const evidence = await upsertProblemIssue.apply(params, context);
  const bot = await db
    .selectFrom('bots')
    .select('id')
    .where('name', '=', `bot-${fingerprint.slice(0, 8)}`)
    .executeTakeFirstOrThrow();
  await insertAction(db, bot.id, 'held', 1, {
    fingerprint,
    remedy: 'github.upsert-issue',
    evidence: JSON.stringify({
      params: { repository: 'acme/alarms' },
      after: evidence.after as object,
    }),
  });
  // An app does not see its own issues in lists of some servers.
  const none = (
    { pathname, method }: { pathname: string; method: string },
    answer: ServerResponse,
  ) =>
    method === 'GET' && pathname.endsWith('/issues')
      ? reply(state, answer, 200, [])
      : ('pass' as const);
  state.instead.push(none, none, none, none);
  expect(await upsertProblemIssue.isDone(params, context)).toBe(true);
  await upsertProblemIssue.apply(params, context);
  expect(state.issues.get('acme/alarms')).toHaveLength(1);
});

test('a problem has one issue, which follows it, and its undo closes that one', async () => {
  const fingerprint = await problem('payments fail @everyone');
  const { state, context, given } = await scene({ fingerprint });
  const params = given(upsertProblemIssue, { repository: 'acme/alarms' });
  const issues = () => state.issues.get('acme/alarms')!;
  expect(await upsertProblemIssue.isDone(params, context)).toBe(false);
  await upsertProblemIssue.apply(params, context);
  expect(await upsertProblemIssue.isDone(params, context)).toBe(true);
  expect(issues()).toMatchObject([{ number: 1, title: 'payments fail @ everyone', state: 'open' }]);
  await sql`UPDATE bot_findings SET title = 'payments fail again' WHERE fingerprint = ${fingerprint}`.execute(
    db,
  );
  expect(await upsertProblemIssue.isDone(params, context)).toBe(false);
  await upsertProblemIssue.apply(params, context);
  expect(issues()).toMatchObject([{ title: 'payments fail again', state: 'open' }]);
  // Another problem; the first one is gone, and its issue is left to the job that closes it.
  await sql`UPDATE bot_findings SET resolved_at = engine.now(), resolution_method = 'cleared' WHERE fingerprint = ${fingerprint}`.execute(
    db,
  );
  const other = {
    ...context,
    target: { ...context.target, fingerprint: await problem('logins fail') },
  };
  const { summary } = await upsertProblemIssue.apply(params, other);
  expect(summary).toBe('made the issue acme/alarms#2');
  expect(issues().map(({ state }) => state)).toEqual(['open', 'open']);
  expect(await refusal(upsertProblemIssue.apply(params, context))).toBe('the problem is gone');
  const undo: UndoContext = { ...other, before: null, after: null };
  expect((await upsertProblemIssue.undo!(params, undo)).summary).toContain('acme/alarms#2');
  expect(issues().map(({ state }) => state)).toEqual(['open', 'closed']);
  expect(await refusal(upsertProblemIssue.undo!(params, undo))).toMatch(/no open issue/);
});
