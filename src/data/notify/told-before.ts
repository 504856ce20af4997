/** `bot_notifications`: the messages about tickets. A message waits, was sent, or was not sent. */
import { sql } from 'kysely';

/**
 * A condition in SQL: whether people were told of a ticket through this channel, or may have been, by a message about
 * this ticket alone or by a message about many tickets. `ticketColumn` is a reference to the column of the surrounding
 * statement that holds the ticket's id, for example `t.id`.
 */
export const toldBefore = (ticketColumn: string, channel: string) => sql<boolean>`
  EXISTS (SELECT FROM bot_notifications own LEFT JOIN bot_notifications grouped ON grouped.id = own.superseded_by
          WHERE own.ticket_id = ${sql.ref(ticketColumn)} AND own.channel = ${channel}
            AND (own.status = 'sent' OR own.repeats > 0 OR own.reference IS NOT NULL
                 OR grouped.kind = 'group'
                    AND (grouped.status = 'sent' OR grouped.repeats > 0 OR grouped.reference IS NOT NULL)))`;
