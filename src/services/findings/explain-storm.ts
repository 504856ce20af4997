/** Why nothing is healed while a ticket stands for a storm: the answer is about the storm, and not about one finding. */
import { listFindings } from '../../data/bots/bot-findings.ts';
import type { TicketRow } from '../../data/bots/bot-tickets.ts';
import { isStorm } from '../../data/bots/pending-tickets.ts';
import { currentTime } from '../../data/bots/engine.ts';
import { countInStorms } from '../../data/bots/storms.ts';
import type { Db } from '../../database/connect.ts';
import { readStorm } from '../../heal/storm.ts';
import { runCommand } from './gate-commands.ts';
import { stormInWords } from './gate-in-words.ts';
import { ticketNumber, ticketOf } from '../references/ticket.ts';

/** How many findings of a storm are listed, the worst first. */
const maxOfStorm = 50;

/** The given ticket if it stands for a storm, else null; `T-42` may also be given as a finding. Throws NotFoundError. */
export async function givenStorm(
  db: Db,
  given: { finding: string } | { ticket: string },
): Promise<TicketRow | null> {
  if ('finding' in given && !ticketNumber.test(given.finding)) return null;
  const ticket = await ticketOf(db, 'ticket' in given ? given.ticket : given.finding);
  return isStorm(ticket) ? ticket : null;
}

/**
 * Why the storm stops healing: how many components of its bot are broken now, by which limits that is a storm, the open findings,
 * and the command that runs the bot again. `closed` is null if the ticket has ended, or the storm is over.
 */
export async function explainStorm(db: Db, ticket: TicketRow) {
  const botId = ticket.bot_id!;
  const bot = await db
    .selectFrom('bots')
    .select(['name', 'status'])
    .where('id', '=', botId)
    .executeTakeFirstOrThrow();
  const isOver = ticket.resolved_at !== null;
  const storm = await readStorm(db, botId);
  const run = runCommand({ bot: bot.name, bot_status: bot.status });
  return {
    ticket,
    bot: bot.name,
    storm,
    closed: isOver || !storm.isClosed ? null : stormInWords(storm.broken_components, null),
    run,
    findings: isOver
      ? []
      : await listFindings(db, { botId, which: 'open', inStorm: true, limit: maxOfStorm }),
    count: isOver ? 0 : ((await countInStorms(db, [botId])).get(botId) ?? 0),
    now: await currentTime(db),
  };
}

export type ExplainedStorm = Awaited<ReturnType<typeof explainStorm>>;
