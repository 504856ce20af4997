/** Words, counts and times that have to be the same wherever they are shown. */
import { sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import { scopeInWords } from '../../src/cli/maintenance/words.ts';
import { liveBlock } from '../../src/cli/status/live.ts';
import { spanInAll, spanInTwo } from '../../src/ground/text.ts';
import { readLive } from '../../src/services/status/live.ts';
import { testDatabase } from '../support/database.ts';
import { set } from '../support/runs.ts';
import { roundsman } from './command.ts';
import { insertAction, insertDecision, insertKnowledge, steps } from './known.ts';
import { ago, insertBot, insertFinding, insertTicket } from './rows.ts';

const { db, url } = await testDatabase();
let bot: string;
let finding: string;
let ticket: string;

beforeEach(async () => {
  await sql`TRUNCATE bots, bot_knowledge, bot_silences CASCADE`.execute(db);
  await set(db, 'mode', 'safe');
  bot = await insertBot(db, 'watch');
  finding = await insertFinding(db, bot, 'sessions pile up', { fingerprint: 'fp' });
  ticket = await insertTicket(db, bot, 'sessions pile up', {
    fingerprint: 'fp',
    finding_id: finding,
  });
});

const ask = (...args: string[]) => roundsman(url, ...args);
const explain = async () => (await ask('findings', 'explain', finding)).out;

test('the screen of up counts tickets as status does, and says how many it does not list', async () => {
  for (let n = 0; n < 3; n++)
    await insertTicket(db, bot, `other ${n}`, { status: 'assigned', assigned_to: 'bob' });
  const block = liveBlock(await readLive(db, 5, 3), [], 80);
  expect(block).toContain('4 tickets: 1 open, 3 assigned');
  expect(block).toContain('… and 1 more');
  expect((await ask('status')).out).toMatch(/^Tickets +1 open, 3 assigned$/m);
  expect(liveBlock(await readLive(db, 5, 9), [], 80)).not.toContain('more');
});

test('the first step of a heal is step 1, in each list', async () => {
  await insertAction(db, bot, 'held', 20, { fingerprint: 'fp', finding_id: finding });
  for (const args of [
    ['tickets', 'show', ticket],
    ['findings', 'show', finding],
  ])
    expect((await ask(...args)).out).toMatch(/^20m ago +held +session\.expire +safe +1 /m);
});

test('a timed silence and its gate name the same second, by which it is over', async () => {
  await insertKnowledge(db, 'sweep', { autonomy: 'auto' });
  await ask(
    'silences',
    'add',
    '--component',
    '/v1',
    '--for',
    '90m',
    '--reason',
    'moved',
    '--as',
    'ann',
  );
  const out = await explain();
  const at = /^Silenced +by ann until (.*) UTC: moved$/m.exec(out)![1]!;
  expect(out).toContain(`gate silenced: it is silenced by ann; it opens at ${at} UTC`);
  expect(out).toMatch(
    /after that `npx roundsman bots run watch` asks again; `npx roundsman silences end [0-9a-f]{8}` opens it before$/m,
  );
  const { rows } = await sql<{ whole: boolean }>`
    SELECT date_trunc('second', expires_at) = expires_at AS whole FROM bot_silences`.execute(db);
  expect(rows).toEqual([{ whole: true }]);
});

test('a ticket and its history name the same time of an end, and of an acknowledgement', async () => {
  await ask('tickets', 'ack', ticket);
  await ask('tickets', 'resolve', ticket, '--notes', 'done');
  const row = await db
    .selectFrom('bot_tickets')
    .select(['resolved_at', 'acknowledged_at'])
    .where('fingerprint', '=', 'fp')
    .executeTakeFirstOrThrow();
  const events = await db.selectFrom('bot_ticket_events').select(['event', 'created_at']).execute();
  const at = (event: string) => events.find((each) => each.event === event)!.created_at;
  expect([at('resolved'), at('acknowledged')]).toEqual([row.resolved_at, row.acknowledged_at]);
});

test('the closed gate says which of its reasons it is', async () => {
  await insertKnowledge(db, 'sweep', { autonomy: 'auto' });
  await set(db, 'mode', 'off');
  expect(await explain()).toMatch(
    /gate kill_switch: the mode is off: nothing is healed; a person opens it; `npx/,
  );
  await sql`DELETE FROM engine.settings WHERE key = 'mode'`.execute(db);
  expect(await explain()).toMatch(/gate kill_switch: the mode is not set: nothing is healed; a/);
  await sql`INSERT INTO engine.settings (key, value) VALUES ('mode', '"safe"')`.execute(db);
  const cause = await insertFinding(db, bot, 'net is down', {
    fingerprint: 'net',
    detected_at: ago(999),
  });
  await db
    .updateTable('bot_findings')
    .set({ suppressed_by: cause })
    .where('id', '=', finding)
    .execute();
  const out = await explain();
  expect(out).toContain(
    `gate silenced: it stands behind another open finding (${cause.slice(0, 8)})`,
  );
  expect(out).not.toContain('it is silenced');
});

test('under the kill switch the mode is closed too only for what the mode safe stops', async () => {
  await insertKnowledge(db, 'sweep', { autonomy: 'auto' });
  await insertKnowledge(db, 'pause', { autonomy: 'auto', solution: steps('bot.pause') });
  await set(db, 'mode', 'off');
  const out = await explain();
  const line = (name: string) =>
    out.split('\n').find((each) => new RegExp(`^${name} +gate`).test(each));
  expect(line('sweep')).not.toContain('closed too');
  expect(line('pause')).toContain('closed too: mode (a person opens it)');
});

test('why no ticket stands for a finding whose ticket a person resolved', async () => {
  await ask('tickets', 'resolve', ticket, '--notes', 'done', '--as', 'ann');
  const shown = async () => (await ask('findings', 'show', finding)).out;
  expect(await shown()).toMatch(
    new RegExp(
      `^Why none +ann resolved ${ticket}, and no run has seen it since; one that does opens it again$`,
      'm',
    ),
  );
  await sql`UPDATE bot_findings SET last_seen_at = engine.now()`.execute(db);
  expect(await shown()).toMatch(
    /^Why none +not yet: the end of its bot's next run that sees it opens one$/m,
  );
  await insertAction(db, bot, 'applied', 1, { fingerprint: 'fp', finding_id: finding });
  expect(await shown()).toMatch(/^Why none +a cure of it is not judged yet$/m);
});

test('advice that may not be auto is not told to be approved', async () => {
  await insertKnowledge(db, 'advice', { solution: 'Look at the cron.' });
  await insertKnowledge(db, 'gone', { solution: steps('no.such') });
  const edit = async (name: string) =>
    (await ask('knowledge', 'edit', name, '--autonomy', 'auto', '--yes')).err;
  expect(await edit('advice')).toContain(
    'try: give --autonomy suggest: the ticket shows the advice, and a person follows it',
  );
  expect(await edit('gone')).toContain('try: correct the playbook first');
});

test('advice in shadow is told as what it is, by explain and by an approval', async () => {
  const advice = await insertKnowledge(db, 'advice', {
    solution: 'Look at it.',
    autonomy: 'shadow',
  });
  expect(await explain()).toMatch(
    /^advice +advice in shadow: it suggests nothing; the ticket names it as in shadow$/m,
  );
  await insertDecision(db, { bot, finding, knowledge: advice }, { verdict: 'shadowed' });
  const { out } = await ask('tickets', 'show', ticket);
  expect(out).toMatch(/^In shadow: advice$/m);
  expect(out).not.toMatch(/^Suggested/m);
  const { err } = await ask('tickets', 'approve', ticket, '--yes');
  expect(err).toContain('advice: advice in shadow, which is not suggested');
});

test('an entry in shadow on a component alone is led out of it there, and nowhere else', async () => {
  const sweep = await insertKnowledge(db, 'sweep', { autonomy: 'auto' });
  await db
    .insertInto('bot_knowledge_autonomy')
    .values({ knowledge_id: sweep, component: '/v1', autonomy: 'shadow' })
    .execute();
  expect(await explain()).toContain(
    '`npx roundsman knowledge edit sweep --autonomy suggest --component /v1`',
  );
});

test.each([
  [98 * 60_000, '1h 38m'],
  [60 * 60_000, '1h'],
  [59.4 * 60_000, '59m'],
  [59.6 * 60_000, '1h'],
  [(23 * 60 + 59.7) * 60_000, '1d'],
  [53 * 3_600_000, '2d 5h'],
  [40_000, '40s'],
])('%d ms are %s', (ms, words) => {
  expect(spanInTwo(ms)).toBe(words);
});

test.each([
  [47.5 * 3_600_000, '1d 23h 30m'],
  [36 * 3_600_000, '1d 12h'],
  [24 * 3_600_000, '1d'],
  [24 * 3_600_000 + 60_000, '1d 1m'],
  [8 * 60_000, '8m'],
  [59.6 * 60_000, '1h'],
  [12_000, '12s'],
])('%d ms are %s, to the minute', (ms, words) => {
  expect(spanInAll(ms)).toBe(words);
});

test.each([
  [['a'], ['ledger'], 'bot ledger'],
  [['a', 'b'], ['ledger', 'watch'], 'bots ledger, watch'],
  [['a', 'b'], ['ledger'], 'bots ledger, 1 that is gone'],
  [['a', 'b', 'c'], ['ledger'], 'bots ledger, 2 that are gone'],
  [['a'], [], 'bot 1 that is gone'],
])('a window for the bots %j, of which %j still have a row, is for %s', (bot_ids, bots, words) => {
  expect(
    scopeInWords({ bot_ids, bots, components: null, categories: null, severities: null }),
  ).toBe(words);
});
