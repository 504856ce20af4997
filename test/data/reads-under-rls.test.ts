/**
 * Every function of `roundsman/data` that reads, as an admin, as the user whom it is asked about, as another user and
 * as a visitor, over real row level security. It answers what docs/rls.md says, or is refused for the table that it
 * reads; never for schema `engine`, which none of them may enter.
 */
import { sql } from 'kysely';
import { beforeAll, expect, test } from 'vitest';
import * as data from '../../src/data.ts';
import { testDatabase } from '../support/database.ts';
import { now, plant, the } from './bad-plant.ts';
import { specs } from './bad-specs.ts';
import { addUser } from './people.ts';

/** Written by hand. `denied` is an AccessDeniedError. */
const written = `
                    admin   own     other   visitor
profileByEmail      none    none    none    denied
profileById         rows    rows    none    denied
creditBalance       rows    rows    none    denied
ledgerPage          rows    rows    none    denied
conversationsOf     none    rows    none    denied
conversation        none    none    none    denied
openCredential      denied  denied  denied  denied
newestRuns          rows    none    none    denied
listExecutions      rows    none    none    denied
countPendingRuns       rows    none    none    denied
countOpenFindings   rows    none    none    denied
listFindings        rows    none    none    denied
findingsOfRun       rows    none    none    denied
listTickets         rows    none    none    denied
oneTicket           rows    none    none    denied
listActions         rows    none    none    denied
stepsOfHeal         rows    none    none    denied
listKnowledge       rows    none    none    denied
knowledgeEvents     rows    none    none    denied
decisionsOn         rows    none    none    denied
suggestionsOn       rows    none    none    denied
listSilences        rows    none    none    denied
appUsage            rows    rows    none    denied
toolUsage           rows    rows    none    denied
appUsageTotals      rows    rows    none    denied
toolUsageTotals     rows    rows    none    denied
leaderboardPage     rows    rows    rows    rows
activityOf          rows    rows    none    denied
learningTotals      rows    rows    none    denied
javariUsage         rows    rows    none    denied
javariUsageTotals   rows    rows    none    denied
toolResultsOf       none    rows    none    denied
toolResult          none    rows    none    denied
gameSessionsOf      rows    rows    none    denied
avatarsOf           none    rows    none    denied
spacesFor           rows    rows    rows    rows
countPresent        none    rows    none    denied
visitsOf            none    rows    none    denied
respondersOf        rows    rows    none    denied
pageViewsOf         rows    none    none    denied
pageViewTotals      rows    none    none    denied
apiLogsOf           rows    none    none    denied
endpointTotals      rows    none    none    denied
errorLogsOf         rows    none    none    denied
errorTotals         rows    none    none    denied
`;

/** Those that write: test/data/foreign-input.test.ts and the files beside it try them under row level security. */
const writes =
  `addOrganizationMember openSession bookCredits recordPayment refundPayment recordSubscription addProject
  moveProject storeCredential rotateCredentials queueManualRun cancelRun trackAppUsage submitScore joinGroup noteActivity
  noteLesson noteJavariUse keepToolResult beginGameSession endGameSession addAvatar addSpace enterSpace leaveSpace
  registerResponder setResponderVerified withdrawResponder`.split(/\s+/);

const [heading, ...lines] = written
  .trim()
  .split('\n')
  .map((line) => line.trim().split(/ +/));
const identities = heading!;
const expected = Object.fromEntries(lines.map(([name, ...outcomes]) => [name!, outcomes]));

let db: data.Db;
const claims: Record<string, data.Claims> = {};

beforeAll(async () => {
  ({ db } = await testDatabase());
  await plant(db);
  await plantReadRows();
  const admin = await addUser(db);
  await db.updateTable('profiles').set({ role: 'admin' }).where('id', '=', admin).execute();
  claims.admin = { sub: admin };
  claims.own = { sub: the.ann };
  claims.other = { sub: await addUser(db) };
  claims.visitor = { role: 'anon' };
});

/** What the good values of the specs ask for, where no good value needs it to be there. */
async function plantReadRows(): Promise<void> {
  const [user_id, created_at] = [the.ann, now];
  const insert = (table: string, values: object) =>
    db
      .insertInto(table as 'bots')
      .values(values as never)
      .execute();
  await data.bookCredits(db, { user_id, amount: 9, type: 'bonus' });
  const talk = { user_id, provider: 'openai', model: 'm', messages: '[]' };
  await insert('javari_conversations', talk);
  const use = { user_id, credits_used: 1, created_at };
  await insert('app_usage', { ...use, app_id: the.app, success: true });
  await insert('tools_usage', { ...use, tool_id: the.tool });
  await insert('page_views', { page_path: '/', created_at });
  await insert('api_logs', { endpoint: '/', method: 'GET', status_code: 200, created_at });
  await insert('error_logs', { error_type: 'E', error_message: 'm', created_at });
  await Promise.all(
    Array.from({ length: 6 }, async (_, score) =>
      data.submitScore(db, {
        game_id: the.game,
        user_id: await addUser(db),
        score,
        achieved_at: now,
      }),
    ),
  );
  const ended = { bot_id: the.bot, status: 'success', started_at: now, completed_at: now };
  await insert('bot_executions', { ...ended, trigger: 'manual' });
}

/** Whether there is something in an answer: a row, or a figure that is not zero. */
function holds(answer: unknown): boolean {
  if (answer === undefined || answer === null || answer === 0) return false;
  if (Array.isArray(answer)) return answer.length > 0;
  if (answer instanceof Map) return answer.size > 0;
  if (typeof answer !== 'object' || answer instanceof Date) return true;
  if ('rows' in answer) return holds(answer.rows);
  return Object.values(answer).some(holds);
}

const outcomeOf = (name: string, identity: string): Promise<string> =>
  data
    .asUser(db, claims[identity]!, (trx) => specs[name]!.call(trx, specs[name]!.good()))
    .then(
      (answer) => (holds(answer) ? 'rows' : 'none'),
      (error: unknown) => {
        if (!(error instanceof data.AccessDeniedError)) throw error;
        return error.why.includes('engine') ? error.why : 'denied';
      },
    );

test('each function has its line, or writes', () => {
  const asked = Object.entries(specs).filter(([, { alone }]) => !alone);
  expect([...Object.keys(expected), ...writes].toSorted()).toEqual(
    asked.map(([name]) => name).toSorted(),
  );
});

test.each(Object.keys(expected))('%s', async (name) => {
  const outcomes: string[] = [];
  for (const identity of identities) outcomes.push(await outcomeOf(name, identity));
  expect(outcomes).toEqual(expected[name]);
});

test('an admin sees why people are not told of a finding: it is silenced, and stands behind another one', async () => {
  const [finding] = await data.asUser(db, claims.admin!, (trx) =>
    data.findingsOfRun(trx, { id: the.run, bot_id: the.bot }, 5),
  );
  expect(finding).toMatchObject({
    id: the.finding,
    bot_silences: [{ reason: 'known' }],
    suppressor: { affected_component: 'host' },
  });
});

test('the functions that reads ask answer whoever sees the row, and false to all others', async () => {
  const asked = (identity: string, text: string) =>
    data.asUser(db, claims[identity]!, async (trx) => {
      const { rows } = await sql<{ answer: unknown }>`SELECT ${sql.raw(text)} AS answer`.execute(
        trx,
      );
      return rows[0]!.answer;
    });
  const behind = `(SELECT suppressed_by FROM bot_findings WHERE id = '${the.finding}')`;
  expect(await asked('admin', `finding_is_suppressed(${behind})`)).toBe(true);
  const { suppressed_by } = await db
    .selectFrom('bot_findings')
    .select('suppressed_by')
    .where('id', '=', the.finding)
    .executeTakeFirstOrThrow();
  expect(await asked('other', `finding_is_suppressed('${suppressed_by}')`)).toBe(false);
  expect(await asked('admin', `finding_is_broken('${the.finding}')`)).toBe(true);
  expect(await asked('other', `finding_is_broken('${the.finding}')`)).toBe(false);
  expect(await asked('admin', 'bots_now() = statement_timestamp()')).toBe(true);
  await expect(asked('visitor', 'bots_now()')).rejects.toThrow(data.AccessDeniedError);
  await expect(asked('admin', 'engine.now_for_users()')).rejects.toThrow(data.AccessDeniedError);
});
