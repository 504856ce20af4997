/** Tickets that have one cause and are worked as one, beside the runs of their bots. */
import { sql, type Transaction } from 'kysely';
import { describe, expect, test } from 'vitest';
import type { ReportedSeverity } from '../../src/bot.ts';
import { TicketChangedError, type TicketRow } from '../../src/data/bots/bot-tickets.ts';
import type { Database } from '../../src/database/connect.ts';
import { settle } from '../../src/maintain/settle.ts';
import { removeBot } from '../../src/services/bots/remove.ts';
import { readFacts } from '../../src/services/progress/facts.ts';
import { readRound } from '../../src/services/round/read.ts';
import { readLive } from '../../src/services/status/live.ts';
import { TicketMergedError } from '../../src/services/references/ticket.ts';
import { acknowledgeTicket } from '../../src/services/tickets/acknowledge.ts';
import { assignTicket } from '../../src/services/tickets/assign.ts';
import { closeTicket } from '../../src/services/tickets/close.ts';
import { commentOnTicket } from '../../src/services/tickets/comment.ts';
import { listTickets } from '../../src/services/tickets/list.ts';
import { mergeTickets, NotMergeableError } from '../../src/services/tickets/merge.ts';
import { relatedTo } from '../../src/services/tickets/related.ts';
import { reopenTicket } from '../../src/services/tickets/reopen.ts';
import { findResolvable, resolveTicket } from '../../src/services/tickets/resolve.ts';
import { overrideSeverity } from '../../src/services/tickets/severity.ts';
import { showTicket } from '../../src/services/tickets/show.ts';
import { snoozeTicket } from '../../src/services/tickets/snooze.ts';
import { unassignTicket } from '../../src/services/tickets/unassign.ts';
import { NotMergedError, unmergeTicket } from '../../src/services/tickets/unmerge.ts';
import { findFinding } from '../../src/services/findings/find.ts';
import { mergeTickets as merge } from '../../src/transitions/tickets/merge.ts';
import { unmergeTicket as unmerge } from '../../src/transitions/tickets/unmerge.ts';
import { tellers } from '../run/teller.ts';
import { problem } from '../support/builders.ts';
import { waiting, whileHeld } from '../support/held.ts';
import { set } from '../support/runs.ts';

type Found = Record<string, ReportedSeverity | null>;

/** Two bots that watch a disk each, `alpha` with T-1 and `beta` with T-2, and one that watches the net, with T-3. */
async function watched() {
  const bots = await tellers({ alpha: {}, beta: {}, gamma: {} });
  const { db, engine } = bots;
  await set(db, 'mode', 'off');
  const as = (name: string) => ({ db, actor: { name, role: 'owner' as const } });
  const one = (number: number | string) =>
    db
      .selectFrom('bot_tickets')
      .selectAll()
      .where('number', '=', String(number).replace('T-', ''))
      .executeTakeFirstOrThrow();
  const finds = async (found: Found) => {
    for (const [bot, severity] of Object.entries(found))
      await bots.say(bot, {
        examined: [`${bot} disk`],
        findings: severity ? [problem(`${bot} disk`, { severity })] : [],
      });
  };
  await finds({ alpha: 'high', beta: 'high', gamma: 'medium' });
  return {
    ...bots,
    as,
    one,
    finds,
    settles: () => settle(db, engine.catalogue),
    merges: (tickets: string[], into: string) => mergeTickets(as('ann'), { tickets, into }),
    resolves: async (given: string) => {
      const found = await findResolvable(db, { ticket: given });
      return resolveTicket(as('ann'), { ...found, notes: 'mended' });
    },
    statuses: async () =>
      (await bots.tickets()).map(({ number, status, merged_into }) =>
        [`T-${number}`, status === 'assigned' ? 'pending' : status, merged_into && 'merged']
          .filter(Boolean)
          .join(' '),
      ),
    listed: async () =>
      (await listTickets(db, { limit: 10 })).tickets.map(({ number }) => `T-${number}`),
    events: async (number: number) => {
      const { id } = await one(number);
      const rows = await db
        .selectFrom('bot_ticket_events')
        .select(['event', 'actor', 'detail'])
        .where('ticket_id', '=', id)
        .orderBy('id')
        .execute();
      return rows.map(({ event, actor, detail }) => ({ event, actor, ...(detail as object) }));
    },
  };
}

const why = (error: unknown) => (error as { why?: string }).why;

test('a merged ticket keeps its status, is left out of lists and counts, and both histories show it', async () => {
  const at = await watched();
  const { survivor, merged } = await at.merges(['T-2', '3', 'T-2'], 'T-1');
  expect(survivor.number).toBe('1');
  expect(merged.map(({ number }) => number)).toEqual(['2', '3']);
  expect(await at.statuses()).toEqual(['T-1 pending', 'T-2 pending merged', 'T-3 pending merged']);
  expect(await at.listed()).toEqual(['T-1']);
  const list = await listTickets(at.db, { limit: 10 });
  expect(list).toMatchObject({ count: 1, merged: 2, snoozed: 0 });
  const hidden = await listTickets(at.db, { limit: 10, merged: true });
  expect(hidden.tickets.map(({ number, survivor: into }) => [number, into])).toEqual([
    ['2', '1'],
    ['3', '1'],
  ]);
  expect((await listTickets(at.db, { limit: 10, all: true })).tickets).toHaveLength(3);
  await sql`UPDATE bot_tickets SET respond_by = '2020-01-01'`.execute(at.db);
  expect(await readFacts(at.db)).toMatchObject({
    tickets: { all: 1, urgent: 1, late: 1, first_late: '1' },
  });
  const overdue = await listTickets(at.db, { limit: 10, all: true, overdue: true });
  expect(overdue.tickets.map(({ number }) => number)).toEqual(['1']);
  expect(await readLive(at.db, 5, 5)).toMatchObject({
    open_tickets: 1,
    tickets: [{ number: '1' }],
  });
  expect((await at.events(2)).at(-1)).toEqual({ event: 'merged', actor: 'ann', into: 'T-1' });
  expect((await at.events(1)).slice(-2)).toEqual([
    { event: 'merged', actor: 'ann', ticket: 'T-2' },
    { event: 'merged', actor: 'ann', ticket: 'T-3' },
  ]);
  expect(await showTicket(at.db, { ticket: 'T-2' })).toMatchObject({ ticket: { survivor: '1' } });
  expect((await showTicket(at.db, { ticket: 'T-1' })).merged).toHaveLength(2);
});

test('the survivor stands for the findings of what is merged into it, in findings and in a round', async () => {
  const at = await watched();
  await at.merges(['T-2'], 'T-1');
  const { finding_id } = await at.one(2);
  expect((await findFinding(at.db, finding_id!)).ticket).toMatchObject({
    number: '1',
    merged: '2',
    stands_for: 'finding',
  });
  await at.finds({ beta: 'high' });
  const { id } = await at.db
    .selectFrom('bot_executions')
    .select('id')
    .orderBy('queued_at', 'desc')
    .limit(1)
    .executeTakeFirstOrThrow();
  const round = await readRound(at.db, [id]);
  expect(round.tickets.map(({ number }) => number)).toEqual(['1']);
  expect(round.tickets_left_open).toBe(1);
  // No run opens another one for its problem.
  expect(await at.tickets()).toHaveLength(3);
  expect(await at.one(2)).toMatchObject({ occurrences: 2 });
  expect((await relatedTo(at.db, { ticket: 'T-1' })).ofComponent).toEqual([]);
});

test('what is done to a merged ticket names the survivor, and only words are taken', async () => {
  const at = await watched();
  await at.merges(['T-2'], 'T-1');
  const before = await at.one(2);
  const ticket = 'T-2';
  const asked = [
    () => acknowledgeTicket(at.as('bob'), { ticket }),
    () => assignTicket(at.as('bob'), { ticket, who: 'bob' }),
    () => unassignTicket(at.as('bob'), { ticket }),
    () => snoozeTicket(at.as('bob'), { ticket, seconds: 60 }),
    () => overrideSeverity(at.as('bob'), { ticket, severity: 'low', reason: 'x' }),
    () => at.resolves(ticket),
    () => at.merges([ticket], 'T-3'),
    () => at.merges(['T-3'], ticket),
  ];
  for (const ask of asked) {
    const refused = ask();
    await expect(refused).rejects.toBeInstanceOf(TicketMergedError);
    await expect(refused).rejects.toMatchObject({
      why: 'it is merged into T-1, which stands for both',
      hint: expect.stringContaining('tickets unmerge T-2'),
    });
  }
  expect(await at.one(2)).toEqual(before);
  await commentOnTicket(at.as('bob'), { ticket, text: 'seen here too' });
  expect((await at.events(2)).at(-1)).toMatchObject({ event: 'commented' });
});

test('merging a survivor moves what is merged into it: no chain, and no circle', async () => {
  const at = await watched();
  await at.merges(['T-3'], 'T-2');
  const { moved } = await at.merges(['T-2'], 'T-1');
  expect(moved.map(({ number }) => number)).toEqual(['3']);
  const { id } = await at.one(1);
  expect([(await at.one(2)).merged_into, (await at.one(3)).merged_into]).toEqual([id, id]);
  expect((await at.events(3)).at(-1)).toMatchObject({
    event: 'merged',
    into: 'T-1',
    before: 'T-2',
  });
  await expect(at.merges(['T-1'], 'T-2')).rejects.toBeInstanceOf(TicketMergedError);
  await unmergeTicket(at.as('ann'), { ticket: 'T-2' });
  expect(await at.statuses()).toEqual(['T-1 pending', 'T-2 pending', 'T-3 pending merged']);
});

test('what cannot become one is refused, and nothing of it is merged', async () => {
  const at = await watched();
  await expect(at.merges(['T-2', 'T-1'], 'T-1')).rejects.toMatchObject({
    why: 'they are the same ticket',
  });
  const less = at.merges(['T-1'], 'T-3');
  await expect(less).rejects.toBeInstanceOf(NotMergeableError);
  await expect(less).rejects.toMatchObject({
    why: 'it is high and T-3 is medium: the survivor has to be as severe as the tickets for which it stands',
    hint: expect.stringContaining('tickets merge T-3 --into T-1'),
  });
  await sql`UPDATE bot_tickets SET fingerprint = 'storm-' || bot_id WHERE number = 3`.execute(
    at.db,
  );
  for (const [tickets, into] of [
    [['T-3'], 'T-1'],
    [['T-2', 'T-1'], 'T-3'],
  ] as const)
    await expect(at.merges([...tickets], into)).rejects.toMatchObject({
      why: 'T-3 stands for a storm, which begins and ends by itself',
    });
  expect(await at.statuses()).toEqual(['T-1 pending', 'T-2 pending', 'T-3 pending']);
  await expect(unmergeTicket(at.as('ann'), { ticket: 'T-2' })).rejects.toBeInstanceOf(
    NotMergedError,
  );
  await at.merges(['T-2'], 'T-1');
  await expect(unmergeTicket(at.as('ann'), { ticket: 'T-1' })).rejects.toMatchObject({
    why: 'it is the survivor: T-2 is merged into it',
  });
});

test('the database refuses a chain and a circle, whoever writes it', async () => {
  const at = await watched();
  const points = (from: number, to: number) =>
    sql`UPDATE bot_tickets t SET merged_into = s.id FROM bot_tickets s WHERE t.number = ${from} AND s.number = ${to}`.execute(
      at.db,
    );
  const refused = { constraint: 'bot_tickets_merged_check' };
  await points(2, 1);
  await expect(points(3, 2)).rejects.toMatchObject(refused);
  await expect(points(1, 3)).rejects.toMatchObject(refused);
  await expect(points(1, 1)).rejects.toMatchObject(refused);
  await at.resolves('T-3');
  await expect(points(1, 3)).rejects.toMatchObject(refused);
});

describe('the end', () => {
  test('a person who resolves the survivor resolves all, with the same notes, and reopening takes all of it back', async () => {
    const at = await watched();
    await at.merges(['T-2', 'T-3'], 'T-1');
    await at.resolves('T-1');
    for (const number of [1, 2, 3])
      expect(await at.one(number)).toMatchObject({
        status: 'resolved',
        resolved_by: 'ann',
        resolution_notes: 'mended',
      });
    expect((await at.events(2)).at(-1)).toMatchObject({
      event: 'resolved',
      actor: 'ann',
      notes: 'mended',
      with: 'T-1',
    });
    // Runs that see no more of it leave it ended.
    expect(await at.settles()).toMatchObject({ unmerged: 0, resolved: 0 });
    const reopened = await reopenTicket(at.as('bob'), { ticket: 'T-1', reason: 'still there' });
    expect(reopened.merged.map(({ number }) => number)).toEqual(['2', '3']);
    expect(await at.statuses()).toEqual([
      'T-1 pending',
      'T-2 pending merged',
      'T-3 pending merged',
    ]);
    expect((await at.events(3)).at(-1)).toMatchObject({ event: 'reopened', with: 'T-1' });
    await at.resolves('T-1');
    await closeTicket(at.as('ann'), { ticket: 'T-1' });
    expect(await at.statuses()).toEqual(['T-1 closed', 'T-2 closed merged', 'T-3 closed merged']);
  });

  test('what was unmerged, or ended at another time, is not reopened with it', async () => {
    const at = await watched();
    await at.merges(['T-2', 'T-3'], 'T-1');
    await unmergeTicket(at.as('ann'), { ticket: 'T-2' });
    await at.resolves('T-2');
    await at.resolves('T-1');
    const [gamma] = (await at.tickets()).slice(-1);
    await removeBot(at.as('ann'), {
      bot: (
        await at.db
          .selectFrom('bots')
          .select('name')
          .where('id', '=', gamma!.bot_id)
          .executeTakeFirstOrThrow()
      ).name,
      reason: null,
    });
    const reopened = await reopenTicket(at.as('bob'), { ticket: 'T-1', reason: 'still there' });
    expect(reopened.merged).toEqual([]);
    expect(reopened.left.map(({ number }) => number)).toEqual(['3']);
    expect(await at.statuses()).toEqual(['T-1 pending', 'T-2 resolved', 'T-3 resolved merged']);
  });

  test('the survivor resolves itself only when all problems are gone, and then all at once', async () => {
    const at = await watched();
    await at.merges(['T-2', 'T-3'], 'T-1');
    await at.finds({ alpha: null });
    await at.settles();
    expect(await at.statuses()).toEqual([
      'T-1 pending',
      'T-2 pending merged',
      'T-3 pending merged',
    ]);
    await at.finds({ beta: null });
    await at.settles();
    // The merged one waits for the survivor.
    expect((await at.one(2)).resolved_at).toBeNull();
    await at.finds({ gamma: null });
    expect((await at.one(3)).resolved_at).toBeNull();
    expect(await at.settles()).toMatchObject({ resolved: 3 });
    const rows = await at.tickets();
    expect(new Set(rows.map(({ resolved_at }) => resolved_at!.getTime())).size).toBe(1);
    expect(rows.every((row) => row.resolved_by === 'roundsman')).toBe(true);
    expect((await at.events(2)).at(-1)).toMatchObject({
      event: 'resolved',
      actor: 'roundsman',
      with: 'T-1',
    });
  });

  test('a problem that is back is a ticket of its own again', async () => {
    const at = await watched();
    await at.merges(['T-2'], 'T-1');
    await at.finds({ alpha: null, beta: null });
    await at.settles();
    await at.finds({ beta: 'high' });
    expect(await at.statuses()).toEqual(['T-1 resolved', 'T-2 pending', 'T-3 pending']);
    expect((await at.events(2)).slice(-2)).toMatchObject([
      { event: 'reopened' },
      { event: 'unmerged', from: 'T-1', why: 'its problem is back' },
    ]);
  });

  test('a person may reopen an ended one alone, and it stands for itself', async () => {
    const at = await watched();
    await at.merges(['T-2'], 'T-1');
    await at.resolves('T-1');
    await reopenTicket(at.as('bob'), { ticket: 'T-2', reason: 'here still' });
    expect(await at.statuses()).toEqual(['T-1 resolved', 'T-2 pending', 'T-3 pending']);
  });

  test('when the bot of the survivor is removed, what is of other bots stands for itself', async () => {
    const at = await watched();
    await at.merges(['T-2', 'T-3'], 'T-1');
    await removeBot(at.as('ann'), { bot: 'alpha', reason: null });
    expect(await at.statuses()).toEqual(['T-1 resolved', 'T-2 pending', 'T-3 pending']);
    expect((await at.events(2)).at(-1)).toMatchObject({
      event: 'unmerged',
      actor: 'ann',
      why: 'the bot of that one was removed',
    });
    await at.merges(['T-3'], 'T-2');
    await removeBot(at.as('ann'), { bot: 'gamma', reason: null });
    expect(await at.statuses()).toEqual(['T-1 resolved', 'T-2 pending', 'T-3 resolved merged']);
    await at.finds({ beta: null });
    expect(await at.one(2)).toMatchObject({ status: 'resolved' });
  });
});

describe('more severe than its survivor', () => {
  test('whichever of the two changes, the ticket stands for itself again', async () => {
    const at = await watched();
    await at.merges(['T-2', 'T-3'], 'T-1');
    await at.finds({ beta: 'critical' });
    expect(await at.settles()).toMatchObject({ unmerged: 1 });
    expect(await at.listed()).toEqual(['T-2', 'T-1']);
    expect((await at.events(2)).slice(-2)).toMatchObject([
      { event: 'raised' },
      { event: 'unmerged', actor: 'roundsman', from: 'T-1', why: 'it is more severe' },
    ]);
    expect((await at.events(1)).at(-1)).toMatchObject({ event: 'unmerged', ticket: 'T-2' });
    await overrideSeverity(at.as('ann'), { ticket: 'T-1', severity: 'low', reason: 'a test' });
    expect(await at.settles()).toMatchObject({ unmerged: 1 });
    expect(await at.listed()).toEqual(['T-2', 'T-3', 'T-1']);
    expect(await at.settles()).toMatchObject({ unmerged: 0 });
  });

  test('a clock that ran out while it was merged begins anew, and one that runs goes on', async () => {
    const at = await watched();
    await at.merges(['T-2', 'T-3'], 'T-1');
    const { respond_by } = await at.one(3);
    await sql`UPDATE bot_tickets SET respond_by = '2020-01-01' WHERE number = 2`.execute(at.db);
    const { ticket } = await unmergeTicket(at.as('ann'), { ticket: 'T-2' });
    expect(ticket.respond_by!.getTime()).toBeGreaterThan(Date.now());
    expect((await unmergeTicket(at.as('ann'), { ticket: 'T-3' })).ticket).toMatchObject({
      respond_by,
    });
  });
});

describe('races', () => {
  type Change = (trx: Transaction<Database>, seen: TicketRow[]) => Promise<unknown>;
  const into =
    (from: number, to: number): Change =>
    async (trx, seen) =>
      merge(trx, [seen[from]!], seen[to]!, 'ann');
  test.each([
    ['T-1 into T-2', 'T-2 into T-1', into(0, 1), into(1, 0)],
    ['T-1 into T-2', 'T-2 into T-3', into(0, 1), into(1, 2)],
    ['T-2 into T-3', 'T-3 into T-1', into(1, 2), into(2, 0)],
    ['T-1 into T-3', 'T-1 into T-2', into(0, 2), into(0, 1)],
  ])('of %s and %s at once one wins or both fit', async (_, __, one, other) => {
    const at = await watched();
    const seen = await at.tickets();
    const outcomes = await Promise.allSettled(
      [one, other].map((change) => at.db.transaction().execute((trx) => change(trx, seen))),
    );
    for (const each of outcomes)
      if (each.status === 'rejected') expect(each.reason).toBeInstanceOf(TicketChangedError);
    expect(outcomes.some(({ status }) => status === 'fulfilled')).toBe(true);
    const rows = await at.tickets();
    const merged = rows.filter(({ merged_into }) => merged_into);
    expect(merged.length).toBeGreaterThan(0);
    for (const { merged_into } of merged)
      expect(rows.find(({ id }) => id === merged_into)!.merged_into).toBeNull();
  });

  test('who merges what another has just merged or resolved is told who was faster', async () => {
    const at = await watched();
    const [t1, t2, t3] = await at.tickets();
    await at.merges(['T-2'], 'T-1');
    const again = at.db.transaction().execute((trx) => merge(trx, [t2!], t3!, 'bob'));
    await expect(again).rejects.toMatchObject({
      what: 'T-2 was not merged into T-3',
      why: expect.stringMatching(/^ann merged it at .* UTC: it is merged into T-1$/),
    });
    const seen = await at.one(2);
    await at.resolves('T-1');
    const late = at.db.transaction().execute((trx) => unmerge(trx, seen, t1!, 'bob'));
    await expect(late).rejects.toMatchObject({ why: expect.stringMatching(/^ann resolved it/) });
    const into = at.db.transaction().execute((trx) => merge(trx, [t3!], t1!, 'bob'));
    await expect(into).rejects.toMatchObject({ what: 'T-1 was not merged with T-3' });
  });

  test('who resolves the survivor while another one is merged into it is told, and ends neither alone', async () => {
    const at = await watched();
    const [t1, t2] = await at.tickets();
    const found = await findResolvable(at.db, { ticket: 'T-1' });
    const { resolving } = await at.db.transaction().execute(async (trx) => {
      await merge(trx, [t2!], t1!, 'ann');
      const late = resolveTicket(at.as('bob'), { ...found, notes: 'mended' }).catch(why);
      await expect.poll(waiting(at.db), { timeout: 10_000 }).toBeGreaterThan(0);
      return { resolving: late };
    });
    expect(await resolving).toMatch(/^ann merged T-2 into it at .* UTC$/);
    const rows = await at.tickets();
    const survivor = rows.find(({ number }) => number === '1')!;
    const merged = rows.find(({ number }) => number === '2')!;
    expect(merged.merged_into).toBe(survivor.id);
    expect([survivor.status, merged.status]).toEqual(['assigned', 'assigned']);
  });

  test('a ticket that is unmerged while its survivor is being resolved keeps its problem and its events', async () => {
    const at = await watched();
    await at.merges(['T-2'], 'T-1');
    const { fingerprint } = await at.one(2);
    // As of a check that counts events.
    await sql`UPDATE bot_finding_states SET tally = '{}'`.execute(at.db);
    const memory = sql`SELECT FROM bot_finding_states WHERE fingerprint = ${fingerprint}`;
    const { resolving } = await whileHeld(at.db, memory, async () => {
      const later = at.resolves('T-1');
      await expect.poll(waiting(at.db), { timeout: 10_000 }).toBeGreaterThan(0);
      await unmergeTicket(at.as('bob'), { ticket: 'T-2' });
      return { resolving: later };
    });
    await resolving;
    expect(await at.one(1)).toMatchObject({ status: 'resolved' });
    expect(await at.one(2)).toMatchObject({ status: 'assigned', merged_into: null });
    const { rows } = await sql`
      SELECT t.number, s.cutoff_at IS NOT NULL AS "isCutOff" FROM bot_tickets t JOIN bot_finding_states s USING (fingerprint)
      WHERE t.number < 3 ORDER BY t.number`.execute(at.db);
    expect(rows).toEqual([
      { number: '1', isCutOff: true },
      { number: '2', isCutOff: false },
    ]);
  });

  test('a run that ends while its ticket is merged waits, and does not resolve the survivor alone', async () => {
    const at = await watched();
    const [t1, t2] = await at.tickets();
    const { running } = await at.db.transaction().execute(async (trx) => {
      await merge(trx, [t2!], t1!, 'ann');
      const later = at.finds({ alpha: null });
      await expect.poll(waiting(at.db), { timeout: 10_000 }).toBeGreaterThan(0);
      return { running: later };
    });
    await running;
    expect(await at.one(1)).toMatchObject({ status: 'assigned' });
  });
});
