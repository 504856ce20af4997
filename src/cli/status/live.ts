import type { EndedRun, Live, LiveBot, LiveTicket } from '../../services/status/live.ts';
import { printable } from '../../ground/text.ts';
import {
  counted,
  duration,
  listed,
  paint,
  severity,
  span,
  state,
  time,
} from '../terminal/print.ts';
import { heldBackInWords } from '../maintenance/words.ts';
import { cut, padded, widthOf } from '../terminal/width.ts';

/** One line for a run that has ended: `12:05:00  ledger  success  3 checks, 2 findings, 1 action  216 ms`. */
export function endedLine(run: EndedRun): string {
  const counts = [
    counted(run.checks_performed ?? 0, 'check'),
    counted(run.issues_found ?? 0, 'finding'),
    counted(run.actions_taken ?? 0, 'action'),
  ].join(', ');
  const what =
    run.status === 'skipped'
      ? paint('dim', printable(run.reason ?? ''))
      : run.error_message
        ? paint('red', printable(run.error_message))
        : `${counts}  ${duration(run.execution_time_ms)}`;
  const name = padded(printable(run.name ?? '-'), 14);
  return `${paint('dim', time(run.completed_at).slice(11))}  ${name}  ${state(run.status)}  ${what}`;
}

/**
 * How many bots and tickets fit into a terminal with this many rows, beside this many needs and a few lines of
 * history.
 */
export function roomFor(rows: number, needs = 0): { bots: number; tickets: number } {
  const room = Math.max(2, rows - 12 - needs);
  return { bots: Math.max(1, Math.ceil(room * 0.7)), tickets: Math.max(1, Math.floor(room * 0.3)) };
}

/**
 * The block at the bottom of the terminal, redrawn every second; no line is wider than `columns`. `needs` are the
 * needs that `status` shows, without tickets, which are listed below.
 */
export function liveBlock(live: Live, needs: string[], columns: number): string {
  const lines = live.bots.map((bot) => botLine(bot, live.now, columns));
  const hidden = live.bot_count - live.bots.length;
  if (hidden > 0) lines.push(paint('dim', `… and ${hidden} more: npx roundsman bots list`));
  if (live.bot_count === 0) lines.push('No bots yet: npx roundsman bots add');
  lines.push('');
  for (const need of needs) lines.push(paint('yellow', cut(printable(need), columns)));
  const held = heldBackInWords(live.maintenance);
  if (live.open_tickets === 0 && needs.length === 0)
    lines.push(
      held ? 'Nothing needs you that is not held back.' : paint('green', 'Nothing needs you.'),
    );
  if (held) lines.push(paint('yellow', `${held}: npx roundsman maintenance list`));
  if (live.open_tickets > 0) {
    lines.push(`${paint('bold', ticketsInWords(live))}  npx roundsman tickets list`);
    lines.push(...ticketLines(live.tickets));
    const more = live.open_tickets - live.tickets.length;
    if (more > 0) lines.push(paint('dim', `… and ${more} more`));
  }
  if (live.snoozed_tickets > 0)
    lines.push(
      paint(
        'dim',
        `${counted(live.snoozed_tickets, 'ticket')} snoozed: npx roundsman tickets list --snoozed`,
      ),
    );
  lines.push('', paint('dim', `mode ${printable(live.mode ?? '?')}   Ctrl-C stops`));
  return ['', ...lines.map((line) => fit(line, columns))].join('\n');
}

/** `4 tickets: 1 open, 3 assigned`, as `status` counts them. */
const ticketsInWords = ({ open_tickets: all, assigned_tickets: assigned }: Live): string =>
  `${counted(all, 'ticket')}: ${listed([
    [all - assigned, 'open'],
    [assigned, 'assigned'],
  ])}`;

/** Number, severity and title, each in a column; the title takes what is left of the line. */
function ticketLines(tickets: LiveTicket[]): string[] {
  const rows = tickets.map((ticket) => ({
    number: `T-${ticket.number}`,
    severity: severity(ticket.severity),
    title: `${ticket.reopened_at ? 'reopened: ' : ''}${printable(ticket.title)}`,
  }));
  const widest = (key: 'number' | 'severity') => Math.max(...rows.map((row) => widthOf(row[key])));
  const [numbers, severities] = [widest('number'), widest('severity')];
  return rows.map(
    ({ number, severity, title }) =>
      `${padded(number, numbers)}  ${padded(severity, severities)}  ${title}`,
  );
}

function botLine(bot: LiveBot, now: Date, columns: number): string {
  const name = padded(cut(printable(bot.name), 20), 20);
  if (bot.status !== 'active') {
    const reason = cut(printable(bot.status_reason ?? ''), columns - 32);
    return `${name}  ${state(bot.status)}  ${reason}`;
  }
  const last = bot.last_started_at
    ? `${state(bot.last_status!)} ${`${span(now.getTime() - bot.last_started_at.getTime())} ago`.padEnd(18 - bot.last_status!.length)}`
    : paint('dim', 'has not run yet'.padEnd(19));
  const wait = bot.next_execution_at ? bot.next_execution_at.getTime() - now.getTime() : null;
  const next = wait === null ? 'being planned' : wait <= 0 ? 'due now' : `next in ${span(wait)}`;
  const open = bot.open_findings > 0 ? paint('yellow', `${bot.open_findings} open`) : '';
  return `${name}  ${next.padEnd(14)}  ${last}  ${open}`.trimEnd();
}

/**
 * A line that is too wide loses its colour. No line may wrap, because the terminal would then keep parts of the old
 * block.
 */
function fit(line: string, columns: number): string {
  return widthOf(line) <= columns ? line : cut(line, columns);
}
