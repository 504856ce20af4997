/** A person's last answer counts as long as no heal has used it. */
import { sql } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';
import { answerSuggestion } from '../../src/transitions/tickets/answer-suggestion.ts';
import { answerTicket, findAnswerable } from '../../src/services/tickets/answer.ts';
import { catalogue, entry, playbook } from '../support/builders.ts';
import { nothingHeldOut } from '../support/runs.ts';
import { simulatedPlatform } from '../heal/simulated-platform.ts';
import { testDatabase } from '../support/database.ts';
import { roundsman } from './command.ts';
import { insertAction, insertDecision, insertKnowledge, steps } from './known.ts';
import { ago, insertBot, insertFinding, insertTicket } from './rows.ts';

const { db, url } = await testDatabase();
let bot: string;
let finding: string;
let name: string;

beforeEach(async () => {
  await sql`TRUNCATE bots, bot_knowledge CASCADE`.execute(db);
  bot = await insertBot(db, 'watch');
  finding = await insertFinding(db, bot, 'sessions pile up', { fingerprint: 'fp' });
  name = await insertTicket(db, bot, 'sessions pile up', {
    fingerprint: 'fp',
    finding_id: finding,
  });
});

const tickets = (...args: string[]) => roundsman(url, 'tickets', ...args);
const answers = () =>
  db
    .selectFrom('bot_decisions')
    .select(['answer', 'answered_by'])
    .where('answer', 'is not', null)
    .execute();
const suggest = async (entryName = 'sweep', values: object = {}, decided: object = {}) => {
  const knowledge = await insertKnowledge(db, entryName, values);
  await insertDecision(db, { bot, finding, knowledge }, decided);
  return knowledge;
};
const rejected = { answer: 'rejected', answered_by: 'root', answered_at: ago(9) } as const;
const approved = { answer: 'approved', answered_by: 'root', answered_at: ago(9) } as const;

test('what was rejected can be approved, and the command that is advised does it', async () => {
  await suggest('sweep', {}, rejected);
  const explained = (await tickets('explain', name)).out;
  expect(explained).toMatch(/^sweep +gate autonomy: /m);
  expect(explained).toContain(`\`npx roundsman tickets approve ${name}\``);
  expect((await tickets('show', name)).out).toContain(
    `\`npx roundsman tickets approve ${name} sweep\` approves it after all.`,
  );
  const done = await tickets('approve', name, '--as', 'ann', '--yes');
  expect({ code: done.code, out: done.out }).toMatchObject({
    code: 0,
    out: expect.stringMatching(/sweep was rejected by root at .* UTC: this takes its place/),
  });
  expect(await answers()).toEqual([{ answer: 'approved', answered_by: 'ann' }]);
  expect(await db.selectFrom('bot_executions').select('id').execute()).toHaveLength(1);
});

test('what was approved can be rejected while it waits', async () => {
  await suggest('sweep', {}, approved);
  const { code, out } = await tickets('reject', name, '--as', 'ann');
  expect({ code, out }).toMatchObject({
    code: 0,
    out: expect.stringMatching(/sweep was approved by root at .* UTC: this takes its place/),
  });
  expect(await answers()).toEqual([{ answer: 'rejected', answered_by: 'ann' }]);
  expect((await tickets('show', name)).out).toMatch(/^Rejected: sweep$/m);
});

test('the same answer again is refused, with the command that takes it back', async () => {
  await suggest('sweep', {}, rejected);
  const no = await tickets('reject', name);
  expect(no.err).toMatch(/why: sweep was rejected by root at .* UTC$/m);
  expect(no.err).toMatch(/try: `npx roundsman tickets approve T-\d+ sweep` approves it after all/);
  await tickets('approve', name, '--yes', '--as', 'ann');
  const yes = await tickets('approve', name, '--yes');
  expect(yes.err).toMatch(/sweep was approved by ann at .* UTC, and waits: the next run of watch/);
  expect(yes.err).toMatch(/try: `npx roundsman tickets reject T-\d+ sweep` takes it back/);
});

test('what waits for an answer comes before what was answered; that is named', async () => {
  await suggest('sweep', {}, rejected);
  await suggest('broom');
  expect((await tickets('approve', name, '--yes')).out).toContain('Approved broom');
  expect((await tickets('approve', name, 'sweep', '--yes')).out).toContain('Approved sweep');
  await suggest('third', {}, rejected);
  await suggest('fourth', {}, rejected);
  const several = await tickets('approve', name, '--yes');
  expect(several.code).toBe(2);
  expect(several.err).toMatch(/more than one entry is suggested: fourth, third/);
});

test('advice that was rejected is not offered for approval', async () => {
  await suggest('advice', { solution: 'Look at the cron.' }, rejected);
  const { err } = await tickets('reject', name);
  expect(err).toContain('advice was rejected by root');
  expect(err).not.toContain('tickets approve');
  expect((await tickets('show', name)).out).not.toContain('after all');
});

describe('an approval that a heal has used', () => {
  const used = async (state: 'failed' | 'held' | 'unknown' | 'applied' | 'intent' = 'failed') => {
    const knowledge = await suggest('sweep', { solution: steps('bot.pause') }, approved);
    const about = { knowledge_id: knowledge, fingerprint: 'fp', finding_id: finding };
    await insertAction(db, bot, state, 8, about);
    await insertDecision(db, { bot, finding, knowledge }, { verdict: 'blocked', gate: 'breaker' });
    return { knowledge, about };
  };

  test.each([
    ['failed', 'failed'],
    ['held', 'held'],
    ['unknown', 'may have happened or not'],
    ['applied', 'is not judged yet'],
    ['intent', 'is under way'],
  ] as const)('is told as used, with what came of it: %s', async (state, words) => {
    await used(state);
    for (const answer of ['approve', 'reject']) {
      const { code, err } = await tickets(answer, name, ...(answer === 'approve' ? ['--yes'] : []));
      expect({ answer, code }).toEqual({ answer, code: 1 });
      expect(err).toMatch(
        new RegExp(
          `sweep was approved by root at .* UTC, and was used: its heal of .* UTC ${words}`,
        ),
      );
      expect(err).not.toContain('and waits: ');
    }
    expect(await answers()).toEqual([{ answer: 'approved', answered_by: 'root' }]);
    const { out } = await tickets('show', name);
    expect(out).not.toMatch(/^Approved: /m);
    expect(out).not.toContain('takes the approval back');
  });

  test('is answered again when the entry suggests again', async () => {
    const { knowledge } = await used();
    await insertDecision(db, { bot, finding, knowledge });
    expect((await tickets('reject', name)).out).toContain('Rejected sweep');
    expect((await tickets('approve', name, '--yes')).out).toContain('Approved sweep');
  });

  test('is not used by a heal that was aborted', async () => {
    const { about } = await used();
    await sql`UPDATE bot_actions SET state = 'aborted', success = false`.execute(db);
    expect((await tickets('show', name)).out).toMatch(/^Approved: sweep$/m);
    expect((await tickets('reject', name)).code).toBe(0);
    expect(about.fingerprint).toBe('fp');
  });
});

describe('of two who answer', () => {
  const seen = async (ticket: string) =>
    findAnswerable(
      { db, catalogue: async () => catalogue([]) },
      { ticket, knowledge: undefined, answer: 'rejected' },
    );

  test('the one who was faster is named, and the slower one changes nothing', async () => {
    await suggest('sweep', { solution: 'Look.' }, { decided_at: ago(1) });
    const { ticket, suggestion } = await seen(name);
    const actor = { name: 'bob', role: 'owner' } as const;
    await answerTicket({ db, actor }, { ticket, suggestion, answer: 'rejected' });
    await expect(
      answerTicket(
        { db, actor: { ...actor, name: 'ann' } },
        { ticket, suggestion, answer: 'approved' },
      ),
    ).rejects.toMatchObject({
      what: expect.stringMatching(/^sweep was not approved on T-\d+$/),
      why: expect.stringMatching(/^bob rejected it at .* UTC, before$/),
    });
    expect(await answers()).toEqual([{ answer: 'rejected', answered_by: 'bob' }]);
    expect(await db.selectFrom('bot_executions').select('id').execute()).toEqual([]);
  });
});

describe('in an engine', () => {
  const platformOf = async (works = true) => {
    const platform = await simulatedPlatform(
      [entry('clean', playbook('disk.clean'), { autonomy: 'suggest' })],
      [{ name: 'disk.clean', works }],
    );
    await platform.round();
    await nothingHeldOut(platform.db);
    const ticket = await platform.db
      .selectFrom('bot_tickets')
      .selectAll()
      .executeTakeFirstOrThrow();
    const find = async (answer: 'approved' | 'rejected') =>
      findAnswerable(
        { db: platform.db, catalogue: async () => platform.engine.catalogue },
        { ticket: `T-${ticket.number}`, knowledge: undefined, answer },
      );
    const say = async (answer: 'approved' | 'rejected', by = 'ann') =>
      answerTicket(
        { db: platform.db, actor: { name: by, role: 'owner' } },
        { ...(await find(answer)), answer },
      );
    return { ...platform, ticket, find, say };
  };

  test('the last answer decides what the next run does', async () => {
    const { say, round, effects } = await platformOf();
    await say('approved');
    await say('rejected');
    await round();
    expect(await effects()).toEqual([]);
    await say('approved');
    await round();
    expect(await effects()).toEqual(['disk.clean']);
  });

  test('a used approval does not bring back what was answered before it, and the entry asks again', async () => {
    const { say, round, effects, db: own } = await platformOf(false);
    await say('rejected');
    await say('approved');
    await round();
    expect(await effects()).toEqual(['disk.clean']);
    await sql`UPDATE bot_actions SET taken_at = taken_at - interval '2 hours', applied_at = applied_at - interval '2 hours'`.execute(
      own,
    );
    await sql`UPDATE bot_decisions SET answered_at = answered_at - interval '3 hours' WHERE answer IS NOT NULL`.execute(
      own,
    );
    await round();
    await say('approved');
    await round();
    expect(await effects()).toEqual(['disk.clean', 'disk.clean']);
  });

  test('a rejection and the begin of the heal cannot both be: the slower one sees the faster', async () => {
    const { say, find, comesTo, finding: open, db: own, effects } = await platformOf();
    await say('approved');
    // The memory records clean results already, so that whoever decides does not lock it.
    await sql`UPDATE bot_finding_states SET watched = true`.execute(own);
    const heal = await comesTo((await open()) as never);
    const { ticket, suggestion } = await find('rejected');
    const begun = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const rejecting = own.transaction().execute(async (trx) => {
      await answerSuggestion(trx, ticket, suggestion, { answer: 'rejected', by: 'bob' });
      begun.resolve();
      await goOn.promise;
    });
    await begun.promise;
    const healing = heal();
    // The worker waits for the finding that the person's transaction holds.
    for (;;) {
      const { rows } = await sql`
        SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`.execute(
        own,
      );
      if (rows.length > 0) break;
    }
    goOn.resolve();
    await rejecting;
    expect(await healing).toMatchObject({ actions: 0 });
    expect(await effects()).toEqual([]);
  });

  test('a rejection that comes after the heal began is refused', async () => {
    const { say, find, round, effects, db: own } = await platformOf(false);
    await say('approved');
    const { ticket, suggestion } = await find('rejected');
    await round();
    expect(await effects()).toEqual(['disk.clean']);
    await expect(
      own
        .transaction()
        .execute((trx) =>
          answerSuggestion(trx, ticket, suggestion, { answer: 'rejected', by: 'bob' }),
        ),
    ).rejects.toMatchObject({ why: 'a heal has begun with the approval meanwhile' });
  });
});
