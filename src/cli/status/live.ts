import type { EndedRun, LiveStatus, LiveBot } from '../../services/status/live.ts';
import { heldBackInWords, hiddenInWords } from '../../ground/kept-back.ts';
import { printable } from '../../ground/text.ts';
import { counted, duration, countsInWords, paint, span, state, time } from '../terminal/print.ts';
import { wholePercent } from '../terminal/progress.ts';
import { inLines } from '../terminal/in-lines.ts';
import { ellipsis } from '../terminal/signs.ts';
import { cut, fitted, padded } from '../terminal/width.ts';
import { ticketLines } from './ticket-lines.ts';

/** A run that has ended, in one line: `12:05:00  ledger  success  3 checks, 2 findings, 1 action  216 ms`. */
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

/** A run that has ended, in as many lines as it takes on a terminal. */
export const endedLines = (run: EndedRun, columns: number): string[] =>
  inLines(endedLine(run), ' '.repeat(10), columns);

/** The rows for all but needs, bots and tickets, and for a few runs that have ended. */
const otherRows = 12;

/** How many rows the needs may take, so that at least one bot and one ticket are shown too. */
export const roomForNeeds = (rows: number): { rows: number; maxRows: number } => ({
  rows: Math.floor(rows / 3),
  maxRows: Math.max(1, rows - otherRows - 2),
});

/** How many bots and tickets fit into a terminal with this many rows, when the needs take `needs` of them. */
export function roomFor(rows: number, needs = 0): { bots: number; tickets: number } {
  const room = Math.max(2, rows - otherRows - needs);
  return { bots: Math.max(1, Math.ceil(room * 0.7)), tickets: Math.max(1, Math.floor(room * 0.3)) };
}

/**
 * The block at the bottom of the terminal, redrawn every second; no line is wider than `columns`. `needs` are the lines of the
 * needs that `status` shows, without tickets, which are listed below.
 */
export function liveBlock(live: LiveStatus, needs: readonly string[], columns: number): string {
  const lines = live.bots.map((bot) => botLine(bot, live.now, columns));
  const hidden = live.bot_count - live.bots.length;
  if (hidden > 0)
    lines.push(paint('dim', `${ellipsis()} and ${hidden} more: npx roundsman bots list`));
  if (live.bot_count === 0) lines.push('No bots yet: npx roundsman bots add');
  lines.push('');
  lines.push(...needs);
  const kept = keptBack(live);
  if (live.open_tickets === 0 && needs.length === 0)
    lines.push(kept.length > 0 ? 'Nothing needs you now.' : paint('green', 'Nothing needs you.'));
  for (const text of kept)
    lines.push(...inLines(text, '  ', columns).map((line) => paint('yellow', line)));
  if (live.open_tickets > 0) {
    lines.push(
      ...inLines(
        `${paint('bold', ticketsInWords(live))}  \`npx roundsman tickets list\``,
        '  ',
        columns,
      ),
    );
    lines.push(...ticketLines(live.tickets));
    const more = live.open_tickets - live.tickets.length;
    if (more > 0) lines.push(paint('dim', `${ellipsis()} and ${more} more`));
  }
  if (live.snoozed_tickets > 0)
    lines.push(
      paint(
        'dim',
        `${counted(live.snoozed_tickets, 'ticket')} snoozed: npx roundsman tickets list --snoozed`,
      ),
    );
  lines.push('', paint('dim', `mode ${printable(live.mode ?? '?')}   Ctrl-C stops`));
  return ['', ...lines.map((line) => fitted(line, columns))].join('\n');
}

/** How much is kept back by maintenance and by silences, each with the command that lists why. */
function keptBack({ maintenance, silences }: LiveStatus): string[] {
  const held = heldBackInWords(maintenance);
  const hidden = hiddenInWords(silences);
  return [
    ...(held ? [`${held}: \`npx roundsman maintenance list\``] : []),
    ...(hidden ? [`${hidden}: \`npx roundsman silences list\``] : []),
  ];
}

/** `4 tickets: 1 open, 3 assigned`, as `status` counts them. */
const ticketsInWords = ({ open_tickets: all, assigned_tickets: assigned }: LiveStatus): string =>
  `${counted(all, 'ticket')}: ${countsInWords([
    [all - assigned, 'open'],
    [assigned, 'assigned'],
  ])}`;

function botLine(bot: LiveBot, now: Date, columns: number): string {
  const name = padded(cut(printable(bot.name), 20), 20);
  if (bot.status !== 'active') {
    const reason = cut(printable(bot.status_reason ?? ''), columns - 32);
    return `${name}  ${state(bot.status)}  ${reason}`;
  }
  const last = bot.last_started_at
    ? `${state(bot.last_status!)} ${whenOrHowFar(bot, now).padEnd(18 - bot.last_status!.length)}`
    : paint('dim', 'has not run yet'.padEnd(19));
  const wait = bot.next_execution_at ? bot.next_execution_at.getTime() - now.getTime() : null;
  const next = wait === null ? 'being planned' : wait <= 0 ? 'due now' : `next in ${span(wait)}`;
  const open = bot.open_findings > 0 ? paint('yellow', `${bot.open_findings} open`) : '';
  return `${name}  ${next.padEnd(14)}  ${last}  ${open}`.trimEnd();
}

/** `3s ago`; of a run whose check says how far it is, `40 %`. */
const whenOrHowFar = ({ share, last_started_at: started }: LiveBot, now: Date): string =>
  share === null ? `${span(now.getTime() - started!.getTime())} ago` : wholePercent(share);
