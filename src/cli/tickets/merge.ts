/** Tickets that have one cause, and are worked as one. */
import { mergeTickets } from '../../services/tickets/merge.ts';
import { unmergeTicket } from '../../services/tickets/unmerge.ts';
import { actorOf } from '../arguments/actor.ts';
import { withDatabase } from '../session/database.ts';
import { printJson, say } from '../terminal/print.ts';

interface ChangeOptions {
  as?: string;
  json?: true;
}

export const merge = (given: string[], options: ChangeOptions & { into: string }): Promise<void> =>
  withDatabase(async ({ db }) => {
    const context = { db, actor: actorOf(options.as) };
    const { survivor, merged, moved } = await mergeTickets(context, {
      tickets: given,
      into: options.into,
    });
    if (options.json) return printJson({ ...survivor, merged: [...merged, ...moved] });
    const into = `T-${survivor.number}`;
    say(`Merged ${numbersOf(merged)} into ${into}, which stands for all of them and ends them.`);
    if (moved.length > 0) say(`With them ${numbersOf(moved)}, merged into them before.`);
    say(`\`npx roundsman tickets unmerge T-${merged[0]!.number}\` takes it back.`);
  });

export const unmerge = (given: string, options: ChangeOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const context = { db, actor: actorOf(options.as) };
    const { ticket, survivor } = await unmergeTicket(context, { ticket: given });
    const { merged: _, ...row } = ticket;
    if (options.json) return printJson(row);
    say(`T-${ticket.number} is no longer merged into T-${survivor.number}, and stands for itself.`);
  });

const numbersOf = (tickets: { number: string }[]): string =>
  tickets.map(({ number }) => `T-${number}`).join(', ');
