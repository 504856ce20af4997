/** The people of the simulation: they look at tickets after a while, approve what is suggested, or mend by hand. */
import { sql } from 'kysely';
import { resolveTicket } from '../../support/transitions.ts';
import type { Db } from '../../../src/database/connect.ts';
import { componentsOf, curesOf, windowedKinds, type Incident } from './cures.ts';
import type { Broken, Platform } from './platform.ts';

/** After how many minutes a user reports a fault of which no person was told. */
export const complaintAfter = 6 * 60;
/** How many minutes a person waits for an approved heal before mending the fault by hand. */
export const patienceMinutes = 20;

interface Ticket {
  id: string;
  fingerprint: string;
  component: string;
  finding_id: string | null;
  /** the first suggestion that no person has answered */
  suggestion: string | null;
}

interface Visit {
  due: number;
  approved: boolean;
}

/** They look at the tickets of these bots; what goes in circles is left to the engine. */
export function hireOperator(
  db: Db,
  platform: Platform,
  incidents: readonly Incident[],
  bots: readonly string[],
) {
  const visits = new Map<string, Visit>();
  let complaints = 0;

  const openTickets = async (): Promise<Ticket[]> => {
    const { rows } = await sql<Ticket>`
      SELECT t.id, t.fingerprint, t.metadata ->> 'component' AS component, f.id AS finding_id,
             (SELECT d.id::text FROM bot_decisions d WHERE d.finding_id = f.id AND d.verdict = 'suggested' AND d.answer IS NULL
              ORDER BY d.id LIMIT 1) AS suggestion
      FROM bot_tickets t JOIN bots b ON b.id = t.bot_id AND b.name = ANY (${bots as string[]}::text[])
      LEFT JOIN bot_findings f ON f.bot_id = t.bot_id AND f.fingerprint = t.fingerprint AND f.resolved_at IS NULL
      WHERE t.status IN ('open', 'assigned') ORDER BY t.number`.execute(db);
    return rows;
  };

  /** As `tickets approve` does. */
  const approve = (suggestion: string) =>
    sql`UPDATE bot_decisions SET answer = 'approved', answered_by = 'operator', answered_at = engine.now()
        WHERE id = ${suggestion}::bigint`.execute(db);

  /** What a shadow said is scored by the entry that would have done it. */
  async function resolve({ id }: Ticket, incident: Incident | undefined) {
    const helping =
      incident && curesOf(incident.kind).find((cure) => cure.truth(incident) === 'cures');
    const ticket = await db
      .selectFrom('bot_tickets')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    const knowledge = await db
      .selectFrom('bot_knowledge')
      .select(['id', 'name'])
      .where('name', '=', helping?.name ?? '')
      .executeTakeFirst();
    await resolveTicket(db, ticket, 'mended by hand', 'operator', { knowledge: knowledge ?? null });
  }

  const counted = new Set(windowedKinds.flatMap(componentsOf));
  const isCounted = (component: string) => counted.has(component);

  return {
    complaints: () => complaints,
    /** One look at everything, at this minute; whether anything was mended. */
    async look(now: number, broken: Broken[]): Promise<boolean> {
      const incidentAt = new Map(broken.map((each) => [each.component, incidents[each.incident]]));
      const isDown = new Set(broken.flatMap(({ down, component }) => (down ? [component] : [])));
      const tickets = await openTickets();
      const mended: string[] = [];
      for (const ticket of tickets) {
        const incident = incidentAt.get(ticket.component);
        const visit = visits.get(ticket.id) ?? {
          due: now - 10 + (incident?.respond ?? 30),
          approved: false,
        };
        visits.set(ticket.id, visit);
        if (visit.due > now) continue;
        if (ticket.suggestion && !visit.approved && incident?.approves) {
          await approve(ticket.suggestion);
          visits.set(ticket.id, { due: now + patienceMinutes, approved: true });
          continue;
        }
        // Whoever looks sees that requests are answered again, before enough of them came to prove it.
        if (isCounted(ticket.component) && !isDown.has(ticket.component)) {
          visits.set(ticket.id, { due: now + patienceMinutes, approved: visit.approved });
          continue;
        }
        await resolve(ticket, incident);
        mended.push(ticket.component);
      }
      // A ticket that is opened again is looked at anew.
      const open = new Set(tickets.map(({ id }) => id));
      for (const id of visits.keys()) if (!open.has(id)) visits.delete(id);
      for (const { component, incident } of broken) {
        if (mended.includes(component) || now - incidents[incident]!.at < complaintAfter) continue;
        complaints += 1;
        mended.push(component);
        const ticket = tickets.find((each) => each.component === component);
        if (ticket) await resolve(ticket, incidents[incident]);
      }
      if (mended.length > 0) await platform.mend(mended);
      return mended.length > 0;
    },
  };
}
