/** Each action does what its key says, is refused where another person was faster, and is taken back as it says. */
import { sql } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';
import type { ReviewAction, Context, Done } from '../../../src/cli/review/actions/action.ts';
import { actions } from '../../../src/cli/review/actions/actions.ts';
import {
  ownChangeOf,
  undo,
  withoutLast,
  type OwnChange,
} from '../../../src/cli/review/own-changes.ts';
import { performer } from '../../../src/cli/review/perform.ts';
import { begin, type Event, type State } from '../../../src/cli/review/state.ts';
import { loadCatalogue } from '../../../src/cli/session/catalogue.ts';
import { changesOf } from '../../../src/services/tickets/review-changes.ts';
import { nextToReview, readReview, type Review } from '../../../src/services/tickets/review.ts';
import { acknowledgeTicket } from '../../../src/services/tickets/acknowledge.ts';
import { listTickets } from '../../../src/services/tickets/list.ts';
import { reopenTicket } from '../../../src/services/tickets/reopen.ts';
import { assignTicket } from '../../../src/services/tickets/assign.ts';
import { unmergeTicket } from '../../../src/services/tickets/unmerge.ts';
import { commentOnTicket } from '../../../src/services/tickets/comment.ts';
import { answerTicket, findAnswerable } from '../../../src/services/tickets/answer.ts';
import { TicketChangedError } from '../../../src/data/bots/bot-tickets.ts';
import { testDatabase } from '../../support/database.ts';
import { insertDecision, insertKnowledge, steps } from '../known.ts';
import { eventsOf, plantScene, ticketRow, type Scene } from './scene.ts';

const { db } = await testDatabase();
const me: Context = { db, actor: { name: 'me', role: 'operator' }, catalogue: loadCatalogue };
const ann: Context = { ...me, actor: { name: 'ann', role: 'operator' } };
let scene: Scene;

beforeEach(async () => {
  scene = await plantScene(db);
});

const action = (name: string): ReviewAction => actions.find((each) => each.name === name)!;
const read = (ticket: string): Promise<Review> => readReview(me, { ticket });

/** Answers for all questions of each action, on a ticket that is not the richest. */
const answersTo: Record<string, () => string[]> = {
  approve: () => [],
  reject: () => [],
  acknowledge: () => [],
  take: () => [],
  assign: () => ['bob'],
  snooze: () => ['4h'],
  comment: () => ['asked'],
  resolve: () => ['none', 'made room'],
  learn: () => ['made room on the disk'],
  silence: () => ['2h', 'known'],
  merge: () => [scene.plain[1]!],
};

const ticketFor = (name: string) =>
  name === 'approve' || name === 'reject' ? scene.rich : scene.plain[0]!;

async function perform(name: string, seen: Review, context = me) {
  const answers = answersTo[name]!();
  const shown = await action(name).preview?.(context, seen, answers);
  return action(name).perform(context, seen, answers, shown?.kept);
}

describe.each(actions.map(({ name }) => name))('%s', (name) => {
  test('is done, told, and taken back where it says so', async () => {
    const seen = await read(ticketFor(name));
    expect(action(name).refusal(seen)).toBe(null);
    const done = await perform(name, seen);
    expect(done.message).toContain(`T-${seen.ticket.number}`);
    const after = await read(seen.ticket.id);
    expect(after.mark).not.toBe(seen.mark);
    // What is not confirmed can be undone.
    if (action(name).warning(seen, answersTo[name]!()) === null)
      expect(done.undo).toHaveProperty('perform');
    if (!('perform' in done.undo)) return;
    const undone = await undo(me, ownChangeOf(done, seen.ticket.id));
    expect(undone?.message).toContain(`T-${seen.ticket.number}`);
    const { status, merged_into, assigned_to } = await ticketRow(db, ticketFor(name));
    expect({ status, merged_into, assigned_to }).toEqual({
      status: 'open',
      merged_into: null,
      assigned_to: null,
    });
  });

  test('is refused on a screen that is stale, with who was faster, when and with what', async () => {
    if (name === 'comment') return;
    const seen = await read(ticketFor(name));
    await assignTicket(ann, { ticket: seen.ticket.id, who: 'bob' });
    const before = await eventsOf(db, ticketFor(name));
    const error = await perform(name, seen).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(TicketChangedError);
    expect((error as TicketChangedError).why).toMatch(
      /^ann assigned it at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC: it is assigned to bob$/,
    );
    expect(await eventsOf(db, ticketFor(name))).toEqual(before);
  });

  test('is not offered about a ticket that has ended', async () => {
    const seen = await read(ticketFor(name));
    await action('resolve').perform(ann, seen, ['none', 'done']);
    const why = action(name).refusal(await read(seen.ticket.id));
    if (name === 'comment') expect(why).toBe(null);
    else expect(why).toContain('resolved by ann');
  });
});

describe('what its person undoes leaves the ticket as it was', () => {
  const asItWas = [
    'respond_by',
    'acknowledged_at',
    'acknowledged_by',
    'resolved_by',
    'resolution_notes',
    'snoozed_until',
    'escalation_began_at',
    'escalation_step',
    'reopened_at',
  ] as const;
  const partOf = ({ ticket }: Review) =>
    Object.fromEntries(asItWas.map((name) => [name, ticket[name]]));

  test.each(['resolve', 'snooze'])('%s', async (name) => {
    await sql`
      UPDATE bot_tickets SET escalation_began_at = date_trunc('second', engine.now()) - interval '20 minutes',
        respond_by = date_trunc('second', engine.now()) + interval '7 minutes'`.execute(db);
    const seen = await read(scene.plain[0]!);
    const done = await perform(name, seen);
    await undo(me, ownChangeOf(done, seen.ticket.id));
    const after = await read(scene.plain[0]!);
    expect(partOf(after)).toEqual(partOf(seen));
    const { tickets } = await listTickets(db, { reopened: true, limit: 10 });
    expect(tickets).toEqual([]);
  });

  /** Two tickets into which others are merged: the second into the first, and the third into the second before that. */
  const late = () =>
    sql`
      UPDATE bot_tickets SET escalation_began_at = date_trunc('second', engine.now()) - number * interval '20 minutes',
        escalation_step = 1, respond_by = date_trunc('second', engine.now()) - number * interval '7 minutes'`.execute(
      db,
    );
  const mergeInto = async (from: string, into: string) =>
    action('merge').perform(me, await read(from), [into]);
  const deed = (done: Done, ticket: Review) => ownChangeOf(done, ticket.ticket.id);
  const rowOf = async (number: string) => {
    const { version: _, updated_at: __, escalate_at: ___, ...row } = await ticketRow(db, number);
    return row;
  };

  test('a resolution, also the tickets that were merged into it: target, clock, notes and acknowledgement', async () => {
    const [first, second, third] = scene.plain as [string, string, string];
    await late();
    await mergeInto(second, first);
    await mergeInto(third, first);
    await acknowledgeTicket(me, { ticket: first });
    await sql`UPDATE bot_tickets SET acknowledged_at = engine.now(), acknowledged_by = 'ann', reopened_by = 'ann',
        resolved_by = 'ann', resolution_notes = 'earlier' WHERE number = ${third.replace('T-', '')}`.execute(
      db,
    );
    const before = await Promise.all([first, second, third].map(rowOf));
    const seen = await read(first);
    const done = await perform('resolve', seen);
    expect((await ticketRow(db, second)).status).toBe('resolved');
    await undo(me, deed(done, seen));
    expect(await Promise.all([first, second, third].map(rowOf))).toEqual(before);
    const { tickets } = await listTickets(db, { reopened: true, limit: 10 });
    expect(tickets).toEqual([]);
  });

  test('a merge: the target that had passed, and what was merged into it before', async () => {
    const [first, second, third] = scene.plain as [string, string, string];
    await late();
    await mergeInto(third, second);
    const before = await Promise.all([first, second, third].map(rowOf));
    const seen = await read(second);
    const done = await mergeInto(second, first);
    expect((await ticketRow(db, third)).merged_into).toBe((await read(first)).ticket.id);
    await undo(me, deed(done, seen));
    expect(await Promise.all([first, second, third].map(rowOf))).toEqual(before);
  });

  test('what was done before that, one after the other, also to the other tickets', async () => {
    const [first, second, third] = scene.plain as [string, string, string];
    await late();
    const before = await Promise.all([first, second, third].map(rowOf));
    const deeds: OwnChange[] = [];
    for (const [name, from, into] of [
      ['merge', third, second],
      ['merge', second, first],
      ['resolve', first],
    ] as const) {
      const seen = await read(from);
      const answers = into ? [into] : ['none', 'made room'];
      deeds.push(deed(await action(name).perform(me, seen, answers), seen));
    }
    for (let left = deeds as readonly OwnChange[]; left.length > 0;)
      left = withoutLast(left, await undo(me, left.at(-1)!));
    expect(await Promise.all([first, second, third].map(rowOf))).toEqual(before);
  });

  test('no ticket that another person has taken out of the merge meanwhile', async () => {
    const [first, second, third] = scene.plain as [string, string, string];
    await mergeInto(third, second);
    const seen = await read(second);
    const done = await mergeInto(second, first);
    await unmergeTicket(ann, { ticket: third });
    await undo(me, deed(done, seen));
    for (const number of [second, third])
      expect((await ticketRow(db, number)).merged_into, number).toBe(null);
  });

  test('an acknowledgement stays', async () => {
    await acknowledgeTicket(me, { ticket: scene.plain[0]! });
    const seen = await read(scene.plain[0]!);
    await undo(me, ownChangeOf(await perform('resolve', seen), seen.ticket.id));
    expect(partOf(await read(scene.plain[0]!))).toEqual(partOf(seen));
  });

  test('a ticket that another command reopens counts as reopened', async () => {
    await perform('resolve', await read(scene.plain[0]!));
    await reopenTicket(me, { ticket: scene.plain[0]!, reason: 'it is back' });
    const { ticket } = await read(scene.plain[0]!);
    expect(ticket.reopened_at).not.toBe(null);
  });
});

test('an answer that another person gave in the same moment is not overruled', async () => {
  const seen = await read(scene.rich);
  const found = await findAnswerable(ann, {
    ticket: scene.rich,
    knowledge: undefined,
    answer: 'rejected',
  });
  await answerTicket(ann, { ...found, answer: 'rejected' });
  await expect(perform('approve', seen)).rejects.toThrow(/ann rejected it at .* UTC, before/);
});

test('approving is offered by entry where several are suggested', async () => {
  const knowledge = await insertKnowledge(db, 'broom', { solution: steps('bot.pause') });
  await insertDecision(db, { bot: scene.bot, finding: scene.finding, knowledge });
  const [question] = action('approve').questions(await read(scene.rich));
  expect(question!.choices!.map(({ value }) => value).toSorted()).toEqual(['broom', 'sweep']);
});

test('what cannot be undone is confirmed: also an approval of a remedy without an undo', async () => {
  const { knowledge } = scene;
  await db
    .updateTable('bot_knowledge')
    .set({ solution: steps('session.expire') })
    .where('id', '=', knowledge)
    .execute();
  const seen = await read(scene.rich);
  expect(action('approve').warning(seen, [])).toContain('cannot be undone');
});

test('the worst and most overdue come first, those that were seen never again, and all are seen', async () => {
  const order: string[] = [];
  const except: string[] = [];
  for (;;) {
    const { review, left } = await nextToReview(me, { filter: {}, except });
    if (!review) break;
    expect(left).toBe(4 - order.length);
    order.push(`T-${review.ticket.number}`);
    except.push(review.ticket.id);
  }
  expect(order).toEqual([scene.rich, ...scene.plain]);
  const only = await nextToReview(me, { filter: { match: 'disk 2' }, except: [] });
  expect(only.review?.ticket.title).toBe('disk 2 is full');
});

test('a change of another person is noticed once, with what they did', async () => {
  const seen = await read(scene.rich);
  expect(await changesOf(db, seen)).toBe(null);
  await commentOnTicket(ann, { ticket: scene.rich, text: 'looking' });
  expect(await changesOf(db, seen)).toMatchObject([{ event: 'commented', actor: 'ann' }]);
  expect(await changesOf(db, await read(scene.rich))).toBe(null);
  const given: Event[] = [];
  const state: State = { ...begin('me', {}), seen, mode: { kind: 'reading' } };
  await performer(me, (event) => given.push(event)).look(() => state);
  expect(given).toMatchObject([
    { type: 'changed', message: expect.stringMatching(/^ann commented on it \d+s ago$/) },
  ]);
});

test('a filter that cannot be answered is refused where it is typed, and does not stay', async () => {
  const given: Event[] = [];
  const { perform } = performer(me, (event) => given.push(event));
  const state = () => begin('me', {});
  await perform({ do: 'filter', text: 'bot:nobody' }, state);
  expect(given).toEqual([{ type: 'failed', text: expect.stringContaining('nobody') }]);
  await perform({ do: 'filter', text: 'pile' }, state);
  expect(given.at(-1)).toEqual({ type: 'filtered', filter: { match: 'pile' }, text: 'pile' });
});

test('giving a ticket to a person whose name is nearly that of another says so', async () => {
  await assignTicket(me, { ticket: (await read(scene.plain[0]!)).ticket.id, who: 'owner' });
  const done = await action('assign').perform(me, await read(scene.plain[1]!), ['ownr']);
  expect(done.message).toContain('did you mean owner?');
});
