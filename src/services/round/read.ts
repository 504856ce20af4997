import { sql, type Selectable } from 'kysely';
import type { Database, Db } from '../../database/connect.ts';
import {
  whyNotToldColumns,
  severityRank,
  ticketColumn,
  type StandingTicket,
  type Suppressor,
} from '../../data/bots/bot-findings.ts';
import { countInStorms } from '../../data/bots/storms.ts';
import { currentTime } from '../../data/bots/engine.ts';
import type { Maintenance } from '../../data/bots/bot-maintenance.ts';
import type { Silence } from '../../data/bots/bot-silences.ts';
import { isMerged, isSnoozed, selectTickets, worstFirst } from '../../data/bots/bot-tickets.ts';
import { isStorm, pending, stormFor, stormOf } from '../../data/bots/pending-tickets.ts';
import type { NotHealed } from './not-healed.ts';

/** A finding, with the reason why people are not told of it, and the ticket that stands for it. */
export type SeenFinding = Selectable<Database['bot_findings']> & {
  bot_silences: Silence[];
  bot_maintenance: Maintenance[];
  suppressor: Suppressor | null;
  ticket: StandingTicket | null;
};

/** A ticket with the time of its last reopening, the number of its survivor, and why people are not told of its finding. */
export type SeenTicket = Selectable<Database['bot_tickets']> & {
  reopened_at: Date | null;
  survivor: string | null;
  bot_silences: Silence[];
  bot_maintenance: Maintenance[];
  suppressor: Suppressor | null;
};

/** What several runs did, as rows of their tables. */
export interface Round {
  executions: Selectable<Database['bot_executions']>[];
  /** the findings that these runs saw, and those that are open since the runs began; the worst first */
  findings: SeenFinding[];
  /** the number of open findings of these bots that these runs did not see: they may still be there */
  left_open: number;
  actions: Selectable<Database['bot_actions']>[];
  /** the pending tickets of these findings and of storms of these bots; the worst first, of equally severe ones those of storms */
  tickets: SeenTicket[];
  /** for each of these tickets that stands for a storm: the number of its open findings, seen by these runs or not */
  storms: { ticket_id: string; findings: number }[];
  /** the tickets of storms that these runs saw end, with their notes on what is left */
  storms_over: { ticket_id: string; number: string; notes: string | null }[];
  /** the number of other pending tickets that are not snoozed, about what these runs did not see */
  tickets_left_open: number;
  /** the database's time */
  now: Date;
  /** why the open ones of these findings were not healed, the worst first; only if the caller gives a catalogue */
  held_back?: NotHealed[];
}

/** An id that no row has. It is added to lists of ids that may be empty, because `IN ()` is not valid SQL. */
const noId = '00000000-0000-0000-0000-000000000000';

/** Reads what the runs with these ids did. The rows are in the order in which a person reads them. */
export async function readRound(db: Db, executionIds: string[]): Promise<Round> {
  const executions = await db
    .selectFrom('bot_executions')
    .selectAll()
    .where('id', 'in', executionIds.concat(noId))
    .orderBy('started_at')
    .orderBy('id')
    .execute();
  const bots = executions.flatMap(({ bot_id }) => bot_id ?? []);
  const began = executions[0]?.started_at ?? new Date();
  const findings = await db
    .selectFrom('bot_findings')
    .selectAll()
    .select(whyNotToldColumns('bot_findings'))
    .select(ticketColumn('bot_findings'))
    .where((where) =>
      where.or([
        where('last_execution_id', 'in', executionIds.concat(noId)),
        // Another run of the same bot may have seen it again meanwhile.
        where.and([
          where('bot_id', 'in', bots.concat(noId)),
          where('resolved_at', 'is', null),
          where('last_seen_at', '>=', began),
          // No run sees what the platform's own code wrote.
          where('fingerprint', 'not like', 'external-%'),
        ]),
      ]),
    )
    .orderBy(severityRank('severity'))
    .orderBy('title')
    .execute();
  const actions = await db
    .selectFrom('bot_actions')
    .selectAll()
    .where('execution_id', 'in', executionIds.concat(noId))
    .orderBy('taken_at')
    .orderBy('step')
    .execute();
  const { left_open } = await db
    .selectFrom('bot_findings')
    .select(({ fn }) => fn.countAll<number>().as('left_open'))
    .where('bot_id', 'in', bots.concat(noId))
    .where('resolved_at', 'is', null)
    .where('id', 'not in', findings.map(({ id }) => id).concat(noId))
    .executeTakeFirstOrThrow();
  const fingerprints = [
    ...findings.map(({ fingerprint }) => fingerprint),
    // The ticket of a storm is shown also if these runs saw only a part of the storm, or nothing.
    ...bots.map(stormFor),
  ];
  const tickets =
    fingerprints.length === 0
      ? []
      : await selectTickets(db)
          .where(({ eb, or }) =>
            or([
              eb('ticket.fingerprint', 'in', fingerprints),
              // A further ticket about a finding, which the platform's own code wrote; or the survivor into which the finding's
              // ticket is merged.
              eb(
                'ticket.id',
                'in',
                findings
                  .flatMap(({ ticket }) => (ticket?.stands_for === 'finding' ? [ticket.id] : []))
                  .concat(noId),
              ),
            ]),
          )
          .where('ticket.status', 'in', pending)
          // A merged ticket is left out: its survivor is among these, as the ticket that stands for the finding.
          .where(sql<boolean>`NOT ${isMerged('ticket')}`)
          .orderBy(severityRank('ticket.severity'))
          // Of equally severe tickets, those of storms come before those of single problems.
          .orderBy(sql`ticket.fingerprint IS DISTINCT FROM ${stormOf(sql.ref('ticket.bot_id'))}`)
          .orderBy(worstFirst('ticket'))
          .execute();
  const storms = tickets.filter((ticket) => isStorm(ticket));
  const inStorms = await countInStorms(
    db,
    storms.map(({ bot_id }) => bot_id!),
  );
  const storms_over = await db
    .selectFrom('bot_tickets')
    .select(['id as ticket_id', 'number', 'resolution_notes as notes'])
    .where('fingerprint', 'in', bots.map(stormFor).concat(noId))
    .where('status', 'not in', pending)
    // The run that saw the end of a storm has written its id; if a person ended the ticket, the id is of the last run that saw
    // the storm.
    .where('resolved_by', '=', 'roundsman')
    .where(sql<string>`metadata ->> 'execution_id'`, 'in', executionIds.concat(noId))
    .orderBy('number')
    .execute();
  const { count } = await db
    .selectFrom('bot_tickets')
    .select(sql<number>`count(*)::int`.as('count'))
    .where('status', 'in', pending)
    .where('id', 'not in', tickets.map(({ id }) => id).concat(noId))
    .where(sql<boolean>`NOT ${isMerged('bot_tickets')} AND NOT ${isSnoozed('bot_tickets')}`)
    .executeTakeFirstOrThrow();
  return {
    executions,
    findings,
    left_open: Number(left_open),
    actions,
    tickets,
    storms: storms.map(({ id, bot_id }) => ({
      ticket_id: id,
      findings: inStorms.get(bot_id!) ?? 0,
    })),
    storms_over,
    tickets_left_open: count,
    now: await currentTime(db),
  };
}
