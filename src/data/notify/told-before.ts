/** `bot_notifications`: messages about tickets, which were sent, wait, or were not sent. */
import { sql } from 'kysely';

/**
 * Whether people were told of the ticket through this channel, or may have been, by a message of its own or by one about
 * many. `ticket` is SQL.
 */
export const toldBefore = (ticket: string, channel: string) => sql<boolean>`
  EXISTS (SELECT FROM bot_notifications b LEFT JOIN bot_notifications g ON g.id = b.superseded_by
          WHERE b.ticket_id = ${sql.ref(ticket)} AND b.channel = ${channel}
            AND (b.status = 'sent' OR b.repeats > 0 OR b.reference IS NOT NULL
                 OR g.kind = 'group' AND (g.status = 'sent' OR g.repeats > 0 OR g.reference IS NOT NULL)))`;
