/** Writes a note on the finding's open ticket, if it has one, for the person who takes the ticket. */
import { defineRemedy, noteOnTicket, sql, z } from '../../src/bot.ts';
import type { RemedyContext } from '../../src/bot.ts';

const params = z.strictObject({ text: z.string().trim().min(1).max(2_000) });

/** The open ticket of the finding's fingerprint, and how often it has this note. */
async function readTicket({ text }: z.infer<typeof params>, { db, target }: RemedyContext) {
  const { rows } = await sql<{ id: string; number: string; notes: number }>`
    SELECT t.id, t.number, (
      SELECT count(*)::int FROM bot_ticket_events e
      WHERE e.ticket_id = t.id AND e.event = 'noted' AND e.detail ->> 'text' = ${text}
    ) AS notes
    FROM bot_tickets t WHERE t.fingerprint = ${target.fingerprint} AND t.status IN ('open', 'assigned')
    ORDER BY t.number LIMIT 1`.execute(db);
  return rows[0];
}

export const ticketNote = defineRemedy({
  name: 'ticket.note',
  title: 'Write a note on the ticket',
  risk: 'safe',
  params,
  async isDone(given, context) {
    const ticket = await readTicket(given, context);
    return ticket === undefined || ticket.notes > 0;
  },
  async apply(given, context) {
    const ticket = await readTicket(given, context);
    if (!ticket) return { summary: 'there was no ticket to note it on', before: null, after: null };
    await noteOnTicket(context.db, ticket.id, 'roundsman', { text: given.text });
    return {
      summary: `noted it on T-${ticket.number}`,
      before: { notes: ticket.notes },
      after: { notes: ticket.notes + 1 },
    };
  },
});
