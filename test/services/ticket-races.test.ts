/**
 * Two operators and the runs of two bots change the same tickets at once, with every pair of changes: no change is lost, and no
 * state comes about that cannot be. Many groups of three tickets race side by side; what people and runs did is read
 * from each ticket's history, and has to lead from what the ticket was to what it is.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ReportedSeverity } from '../../src/bot.ts';
import type { TicketRow } from '../../src/data/bots/bot-tickets.ts';
import { TicketChangedError } from '../../src/data/bots/bot-tickets.ts';
import { setLimit } from '../../src/data/bots/healing-limits.ts';
import { limitOf } from '../../src/services/limits/change.ts';
import { settle } from '../../src/maintain/settle.ts';
import { TicketMergedError, TicketNotPendingError } from '../../src/services/references/ticket.ts';
import { acknowledgeTicket } from '../../src/services/tickets/acknowledge.ts';
import { assignTicket } from '../../src/services/tickets/assign.ts';
import { closeTicket, NotClosedError } from '../../src/services/tickets/close.ts';
import { commentOnTicket } from '../../src/services/tickets/comment.ts';
import { mergeTickets, NotMergeableError } from '../../src/services/tickets/merge.ts';
import { NotReopenedError, reopenTicket } from '../../src/services/tickets/reopen.ts';
import { findResolvable, resolveTicket } from '../../src/services/tickets/resolve.ts';
import { clearSeverity, overrideSeverity } from '../../src/services/tickets/severity.ts';
import { endSnooze, snoozeTicket } from '../../src/services/tickets/snooze.ts';
import { unassignTicket } from '../../src/services/tickets/unassign.ts';
import { NotMergedError, unmergeTicket } from '../../src/services/tickets/unmerge.ts';
import { severityRank } from '../../src/ground/severity.ts';
import { tellers } from '../run/teller.ts';
import { problem } from '../support/builders.ts';
import { set } from '../support/runs.ts';

const kinds = [
  'acknowledge',
  'assign',
  'unassign',
  'snooze',
  'snooze for one more',
  'wake',
  'rate',
  'unrate',
  'comment',
  'resolve',
  'reopen',
  'close',
  'merge',
  'unmerge',
] as const;
interface Change {
  kind: (typeof kinds)[number];
  /** of the group */
  on: number;
  into: number;
  severity: 'critical' | 'high' | 'medium';
}

/** What is done to three tickets: first one after the other, then by two people and by runs at once. */
interface Race {
  before: Change[];
  ann: Change;
  bob: Change;
  /** what the runs find meanwhile */
  found: (ReportedSeverity | null)[];
}

const change = fc.record({
  kind: fc.constantFrom(...kinds),
  on: fc.nat(2),
  into: fc.nat(2),
  severity: fc.constantFrom('critical' as const, 'high' as const, 'medium' as const),
});
const races = fc.record({
  before: fc.array(change, { maxLength: 4 }),
  ann: change,
  bob: change,
  found: fc.tuple(
    ...([0, 1, 2].map(() =>
      fc.constantFrom<ReportedSeverity | null>('critical', 'high', 'medium', null),
    ) as [fc.Arbitrary<ReportedSeverity | null>]),
  ),
});

/** Which errors say that a change did not come about. Any other one is a defect, as a deadlock is. */
const refusals = [
  TicketChangedError,
  TicketMergedError,
  TicketNotPendingError,
  NotClosedError,
  NotMergeableError,
  NotMergedError,
  NotReopenedError,
];

/** The events by which a person's change is known, on the ticket that it was made on. */
const eventOf: Record<Change['kind'], string> = {
  acknowledge: 'acknowledged',
  assign: 'assigned',
  unassign: 'unassigned',
  snooze: 'snoozed',
  'snooze for one more': 'snoozed',
  wake: 'woken',
  rate: 'rated',
  unrate: 'unrated',
  comment: 'commented',
  resolve: 'resolved',
  reopen: 'reopened',
  close: 'closed',
  merge: 'merged',
  unmerge: 'unmerged',
};

/** What people and severities make of a ticket. */
interface State {
  status: string;
  assigned_to: string | null;
  acknowledged_by: string | null;
  severity: string;
  override: string | null;
  snoozed: boolean;
  merged: string | null;
}

const stateOf = (row: TicketRow, numberOf: (id: string) => string): State => ({
  status: row.status === 'open' || row.status === 'assigned' ? 'pending' : row.status,
  assigned_to: row.assigned_to,
  acknowledged_by: row.acknowledged_by,
  severity: row.severity,
  override: row.severity_override,
  snoozed: row.snoozed_at !== null && !(row.woken_at !== null && row.woken_at >= row.snoozed_at),
  merged: row.merged_into && `T-${numberOf(row.merged_into)}`,
});

interface Told {
  event: string;
  actor: string;
  detail: Record<string, string>;
}

/** The state after an event: the model. Each change begins with what the one before it left. */
function after(was: State, { event, actor, detail }: Told): State {
  const risen = () => severityRank(detail.to as 'high') < severityRank(detail.from as 'high');
  const begins = (with_: string | null) => expect(detail.from ?? null, event).toBe(with_);
  const rated = (override: string | null): State => {
    begins(was.severity);
    return {
      ...was,
      severity: detail.to!,
      override,
      assigned_to: 'assigned_to' in detail ? detail.assigned_to : was.assigned_to,
      acknowledged_by: risen() ? null : was.acknowledged_by,
    };
  };
  switch (event) {
    case 'acknowledged':
      return { ...was, acknowledged_by: actor };
    case 'assigned':
      begins(was.assigned_to);
      // Who takes it looks after it.
      return {
        ...was,
        assigned_to: detail.to!,
        acknowledged_by: was.acknowledged_by ?? (detail.to === actor ? actor : null),
      };
    case 'unassigned':
      begins(was.assigned_to);
      return { ...was, assigned_to: null, acknowledged_by: null };
    case 'snoozed':
      return { ...was, snoozed: true };
    case 'woken':
      return { ...was, snoozed: false };
    case 'rated':
      return rated(detail.to!);
    case 'unrated':
      return rated(null);
    case 'raised':
    case 'lowered':
      return rated(was.override);
    case 'resolved':
      expect(detail.with ?? null, event).toBe(was.merged);
      return { ...was, status: 'resolved' };
    case 'closed':
      return { ...was, status: 'closed' };
    case 'reopened':
      return { ...was, status: 'pending', acknowledged_by: null, snoozed: false };
    case 'merged':
      return 'into' in detail ? { ...was, merged: detail.into! } : was;
    case 'unmerged':
      // Its survivor never ends without it.
      expect(detail.why).not.toBe('that one has ended');
      if (!('from' in detail)) return was;
      begins(was.merged);
      return { ...was, merged: null };
    default:
      return was;
  }
}

async function world() {
  const bots = await tellers({ alpha: {}, beta: {} });
  const { db, engine } = bots;
  await set(db, 'mode', 'off');
  // Single problems, and no storm.
  const { limit, value } = limitOf('storm_components', '10000');
  await setLimit(db, limit, value, 'ann');
  const as = (name: string) => ({ db, actor: { name, role: 'operator' as const } });

  const does = async ({ kind, on, into, severity }: Change, group: TicketRow[], who: string) => {
    const ticket = `T-${group[on]!.number}`;
    const person = as(who);
    switch (kind) {
      case 'acknowledge':
        return acknowledgeTicket(person, { ticket });
      case 'assign':
        return assignTicket(person, { ticket, who });
      case 'unassign':
        return unassignTicket(person, { ticket });
      case 'snooze':
        return snoozeTicket(person, { ticket, seconds: 3600 });
      case 'snooze for one more':
        return snoozeTicket(person, { ticket, occurrences: 1 });
      case 'wake':
        return endSnooze(person, { ticket });
      case 'rate':
        return overrideSeverity(person, { ticket, severity, reason: who });
      case 'unrate':
        return clearSeverity(person, { ticket });
      case 'comment':
        return commentOnTicket(person, { ticket, text: 'x' });
      case 'resolve':
        return resolveTicket(person, {
          ...(await findResolvable(db, { ticket })),
          notes: 'mended',
        });
      case 'reopen':
        return reopenTicket(person, { ticket, reason: 'x' });
      case 'close':
        return closeTicket(person, { ticket });
      case 'merge':
        return mergeTickets(person, { tickets: [ticket], into: `T-${group[into]!.number}` });
      case 'unmerge':
        return unmergeTicket(person, { ticket });
    }
  };

  /** Whether it came about, and changed anything. */
  const tries = async (...given: Parameters<typeof does>): Promise<boolean> => {
    try {
      const done = await does(...given);
      return !('unchanged' in done && done.unchanged);
    } catch (error) {
      if (!refusals.some((refusal) => error instanceof refusal)) throw error;
      return false;
    }
  };

  let round = 0;
  return async (all: Race[]): Promise<void> => {
    round += 1;
    const name = (at: number, of: number) => `${round}-${at}-${of}`;
    // The first two of each group are of one bot, the third of another one.
    const sees = (bot: string, severityOf: (at: number, of: number) => ReportedSeverity | null) => {
      const own = bot === 'alpha' ? [0, 1] : [2];
      const parts = all.flatMap((_, at) => own.map((of) => [at, of] as const));
      return bots.say(bot, {
        examined: parts.map(([at, of]) => name(at, of)),
        findings: parts.flatMap(([at, of]) => {
          const severity = severityOf(at, of);
          return severity ? [problem(name(at, of), { severity })] : [];
        }),
      });
    };
    const both = (severityOf: (at: number, of: number) => ReportedSeverity | null) =>
      Promise.all(['alpha', 'beta'].map((bot) => sees(bot, severityOf)));
    const rows = () =>
      db
        .selectFrom('bot_tickets')
        .selectAll()
        .where('title', 'like', `${round}-%`)
        .orderBy('number')
        .execute();
    const settles = () => settle(db, engine.catalogue);

    await both(() => 'high');
    const opened = await rows();
    expect(opened).toHaveLength(3 * all.length);
    const groups = all.map((_, at) =>
      [0, 1, 2].map((of) => opened.find(({ title }) => title === `${name(at, of)} is broken`)!),
    );
    await Promise.all(
      all.map(async ({ before }, at) => {
        for (const each of before) await tries(each, groups[at]!, 'carl');
      }),
    );
    await settles();
    const was = await rows();
    const { last } = await db
      .selectFrom('bot_ticket_events')
      .select((eb) => eb.fn.max('id').as('last'))
      .executeTakeFirstOrThrow();

    const found = (at: number, of: number) => all[at]!.found[of]!;
    const [did] = await Promise.all([
      Promise.all(
        all.map(async ({ ann, bob }, at) => {
          const [anns, bobs] = await Promise.all([
            tries(ann, groups[at]!, 'ann'),
            tries(bob, groups[at]!, 'bob'),
          ]);
          return { ann: anns, bob: bobs };
        }),
      ),
      both(found),
      settles(),
    ]);
    // What waited for a row or for a run is done now.
    for (let again = 0; again < 2; again += 1) {
      await both(found);
      await settles();
    }

    const is = await rows();
    const numberOf = (id: string) => is.find((row) => row.id === id)!.number;
    const events = await db
      .selectFrom('bot_ticket_events')
      .select(['ticket_id', 'event', 'actor', 'detail'])
      .where('id', '>', last)
      .orderBy('id')
      .execute();
    const of = (id: string) =>
      events.filter((each) => each.ticket_id === id) as unknown as (Told & { ticket_id: string })[];

    for (const [at, race] of all.entries()) {
      const told = JSON.stringify(race);
      // Nothing is lost: what came about stands in the history, and what did not come about does not.
      for (const who of ['ann', 'bob'] as const) {
        const { kind, on } = race[who];
        const said = of(groups[at]![on]!.id).filter(
          ({ event, actor, detail }) =>
            actor === who &&
            event === eventOf[kind] &&
            !('ticket' in detail) &&
            // The other one's change of a survivor did it.
            !('with' in detail),
        );
        const also =
          kind === 'reopen' || kind === 'rate' || kind === 'unrate' ? said.slice(0, 1) : said;
        expect(also.length, `${who}: ${told}`).toBe(did[at]![who] ? 1 : 0);
      }
      for (const ticket of groups[at]!) {
        const row = is.find(({ id }) => id === ticket.id)!;
        const from = stateOf(
          was.find(({ id }) => id === ticket.id)!,
          numberOf,
        );
        expect(of(row.id).reduce(after, from), `T-${row.number}: ${told}`).toEqual(
          stateOf(row, numberOf),
        );
      }
    }
    for (const row of is) impossible(row, is, all, found);
  };

  /** What cannot be, once runs and timers have come round. */
  function impossible(
    row: TicketRow,
    is: TicketRow[],
    all: Race[],
    found: (at: number, of: number) => ReportedSeverity | null,
  ): void {
    const [, at, part] = row.title.split(' ')[0]!.split('-').map(Number);
    const told = `T-${row.number}: ${JSON.stringify(all[at!])}`;
    const isPending = ({ status }: TicketRow) => status === 'open' || status === 'assigned';
    const severity = found(at!, part!);
    const ofProblem = is.filter(({ fingerprint }) => fingerprint === row.fingerprint);
    if (severity !== null) {
      expect(ofProblem.filter(isPending), told).toHaveLength(1);
      if (isPending(row)) expect(row.severity_override ?? severity, told).toBe(row.severity);
    }
    if (!isPending(row)) return;
    const below = is.filter((each) => each.merged_into === row.id && isPending(each));
    if (row.merged_into !== null) {
      const survivor = is.find(({ id }) => id === row.merged_into)!;
      expect(isPending(survivor), told).toBe(true);
      expect(survivor.merged_into, told).toBeNull();
      expect(below, told).toEqual([]);
      expect(severityRank(survivor.severity), told).toBeLessThanOrEqual(severityRank(row.severity));
    } else if (severity === null && row.reopened_by === null) {
      // It waits for what is merged into it, and for nothing else.
      const waits = below.some((each) => {
        const [, where, which] = each.title.split(' ')[0]!.split('-').map(Number);
        return found(where!, which!) !== null || each.reopened_by !== null;
      });
      expect(waits, told).toBe(true);
    }
  }
}

test('every pair of changes, and a run', { timeout: 120_000 }, async () => {
  const race = await world();
  const pairs = kinds.flatMap((one) => kinds.map((other) => [one, other] as const));
  await race(
    pairs.flatMap(([one, other], at): Race[] => {
      const [ann, bob] = [one, other].map((kind): Change => ({
        kind,
        on: 1,
        into: 0,
        severity: at % 2 === 0 ? 'critical' : 'medium',
      }));
      const isOver = [one, other].some((kind) => kind === 'reopen' || kind === 'close');
      const isMerged = [one, other].includes('unmerge');
      const before: Change[] = [
        { kind: 'assign', on: 1, into: 0, severity: 'high' },
        { kind: 'snooze', on: 1, into: 0, severity: 'high' },
        ...(isMerged ? [{ kind: 'merge', on: 1, into: 0, severity: 'high' } as const] : []),
        ...(isOver
          ? [{ kind: 'resolve', on: isMerged ? 0 : 1, into: 0, severity: 'high' } as const]
          : []),
      ];
      const severity = (['critical', 'high', 'medium', null] as const)[at % 4]!;
      return [{ before, ann: ann!, bob: bob!, found: [severity, severity, 'high'] }];
    }),
  );
});

test('any changes, after any others', { timeout: 300_000 }, async () => {
  const race = await world();
  const numRuns = Number(process.env.RACES ?? 4);
  await fc.assert(fc.asyncProperty(fc.array(races, { minLength: 60, maxLength: 60 }), race), {
    numRuns,
    endOnFailure: true,
  });
});
