/** What people do with a ticket beside resolving it and answering what it suggests. */
import { UsageError } from '../../ground/errors.ts';
import { printable } from '../../ground/text.ts';
import { acknowledgeTicket } from '../../services/tickets/acknowledge.ts';
import { closeTicket } from '../../services/tickets/close.ts';
import { commentOf, commentOnTicket } from '../../services/tickets/comment.ts';
import { ticketOf } from '../../services/references/ticket.ts';
import { findReopenable, reopenTicket } from '../../services/tickets/reopen.ts';
import { unassignTicket } from '../../services/tickets/unassign.ts';
import { actorOf } from '../arguments/actor.ts';
import { withDatabase } from '../session/database.ts';
import { askFor } from '../terminal/ask.ts';
import { longText, type LongTextOptions } from '../terminal/long-text.ts';
import { pipedText } from '../terminal/piped.ts';
import { json, say, time } from '../terminal/print.ts';

interface ChangeOptions {
  as?: string;
  json?: true;
}

export const acknowledge = (given: string, options: ChangeOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const context = { db, actor: actorOf(options.as) };
    const { ticket, same } = await acknowledgeTicket(context, { ticket: given });
    if (options.json) return json(ticket);
    const { number, acknowledged_by: by, acknowledged_at: at } = ticket;
    say(
      same
        ? `T-${number} was acknowledged${by ? ` by ${printable(by)}` : ''} at ${time(at)} UTC already.`
        : `Acknowledged T-${number}: its response clock has stopped. \`npx roundsman tickets resolve T-${number}\` ends it.`,
    );
  });

export const unassign = (given: string, options: ChangeOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const context = { db, actor: actorOf(options.as) };
    const { ticket, before, same } = await unassignTicket(context, { ticket: given });
    if (options.json) return json(ticket);
    say(
      same
        ? `T-${ticket.number} is assigned to no one already.`
        : `Took T-${ticket.number} from ${printable(before!)}: it is open to anyone.`,
    );
  });

export async function comment(
  given: string,
  text: string | undefined,
  options: ChangeOptions & LongTextOptions,
): Promise<void> {
  if (text !== undefined && (options.notesFile !== undefined || options.edit)) throw twice();
  const said = text ?? (await longText(options)) ?? ((await pipedComment()) || undefined);
  // Checked before the database is opened.
  const checked = said === undefined ? null : commentOf(said);
  await withDatabase(async ({ db }) => {
    const context = { db, actor: actorOf(options.as) };
    // A person writes only about a ticket that is there.
    if (checked === null) await ticketOf(db, given);
    const written = checked ?? commentOf(await askFor('the comment', 'Comment', { isProse: true }));
    const ticket = await commentOnTicket(context, { ticket: given, text: written });
    if (options.json) return json(ticket);
    say(`Commented on T-${ticket.number}.`);
  });
}

const twice = () =>
  new UsageError({
    what: 'the comment was not written',
    why: 'a text is given, and an option that reads another one',
    hint: 'give one of them',
  });

/** More than any comment may have, so that its length is told. */
const mostBytes = 1_000_000;

/** The text of a pipe or file on standard input; empty on a terminal, and where there is none. */
const pipedComment = async (): Promise<string> =>
  process.stdin.isTTY
    ? ''
    : (
        await pipedText(mostBytes, {
          what: 'the comment was not written',
          why: 'standard input is not UTF-8',
          hint: 'give the comment as text in UTF-8',
        })
      ).trim();

export const reopen = (
  given: string,
  options: ChangeOptions & { reason?: string },
): Promise<void> =>
  withDatabase(async ({ db }) => {
    const seen = await findReopenable(db, given);
    const reason = options.reason?.trim() || (await askFor('--reason', 'Why', { isProse: true }));
    const context = { db, actor: actorOf(options.as) };
    const ticket = await reopenTicket(context, { ticket: seen.id, reason });
    if (options.json) return json(ticket);
    const { number, reopened_by: by, assigned_to: to, merged, left } = ticket;
    say(`Reopened T-${number}${to ? `, with ${printable(to)}` : ''}.`);
    say(
      by
        ? 'Its problem is gone, so it ends only when a person resolves it.'
        : 'Its problem is open: the next clean check resolves it.',
    );
    if (merged.length > 0) say(`With it ${listed(merged)}, merged into it.`);
    if (left.length > 0)
      say(`${listed(left)} had ended with it and stays resolved: its bot was removed.`);
  });

const listed = (tickets: { number: string }[]): string =>
  tickets.map((each) => `T-${each.number}`).join(', ');

export const close = (given: string, options: ChangeOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const context = { db, actor: actorOf(options.as) };
    const { ticket, same } = await closeTicket(context, { ticket: given });
    if (options.json) return json(ticket);
    say(
      same
        ? `T-${ticket.number} is closed already.`
        : `Closed T-${ticket.number}: a problem that comes back opens another ticket.`,
    );
  });
