import { exitCodes } from '../../ground/errors.ts';
import { printable } from '../../ground/text.ts';
import { noBots } from '../bots/list.ts';
import { withDatabase } from '../session/database.ts';
import * as print from '../terminal/print.ts';
import { table } from '../terminal/table.ts';
import { botsThatAre } from '../../services/progress/facts.ts';
import { nodeName } from '../../services/progress/canary-stop.ts';
import { takesNoWrites } from '../../services/progress/read-only.ts';
import { inOneLine } from '../../services/progress/needs.ts';
import { showStatus as read, type Status } from '../../services/status/show.ts';
import { healsInWords } from '../actions/heals.ts';
import { heldBackInWords, scopeInWords } from '../maintenance/words.ts';
import { ticketTable } from '../tickets/list.ts';
import { asDocument } from './document.ts';

export const showStatus = (options: { json?: true }): Promise<void> =>
  withDatabase(async ({ db }) => {
    const status = await read(db);
    const { needed } = status;
    if (needed.length > 0) process.exitCode = exitCodes.needsAttention;
    if (options.json) return print.json(asDocument(status));
    printFigures(status);
    printDetails(status);
    print.say();
    const held = heldBackInWords(status.maintenance);
    if (needed.length === 0)
      print.say(
        held
          ? `Nothing needs you that is not held back: ${held}.`
          : print.paint('green', 'Nothing needs you.'),
      );
    else print.say(print.paint('bold', 'Needs you'));
    for (const need of needed) print.say(`  ${printable(inOneLine(need))}`, '    ');
  });

/** `1 scheduler, 2 workers alive`; null when none is alive. */
const aliveInWords = ({ alive: { schedulers, workers } }: Status): string | null =>
  schedulers + workers === 0
    ? null
    : `${print.counted(schedulers, 'scheduler')}, ${print.counted(workers, 'worker')} alive`;

function printFigures(status: Status): void {
  const { bots, runs, findings, quiet, withoutTicket, storms, heals, tickets, mode } = status;
  const alive = aliveInWords(status);
  const skips = runs.filter((row) => row.status === 'skipped');
  const skipped = skips.reduce((sum, { slots }) => sum + slots, 0);
  const results = print.listed([
    ...runs
      .filter((row) => row.status !== 'skipped')
      .map(({ status, count }): [number, string] => [count, print.state(status)]),
    [
      skipped,
      `${skipped === 1 ? 'slot' : 'slots'} skipped (${skips.map(({ slots, reason }) => `${slots} ${printable(reason ?? 'for no reason')}`).join(', ')})`,
    ],
  ]);
  print.facts([
    ['Engine', alive ?? deadInWords(status)],
    ['Mode', modeInWords(mode.mode)],
    ['Bots', print.listed(bots.map(({ status, count }) => [count, print.state(status)])) ?? noBots],
    ['Runs, 24 h', results ?? 'none'],
    [
      'Findings',
      print.listed([
        ...findings.map(({ severity, count }): [number, string] => [
          count,
          print.severity(severity),
        ]),
        [quiet.silenced, 'of them silenced'],
        [quiet.maintenance, 'of them held back by maintenance'],
        [quiet.suppressed, 'suppressed'],
      ]) ?? 'none open',
    ],
    [
      'No ticket',
      print.listed([
        ...withoutTicket.map(({ severity, count }): [number, string] => [
          count,
          print.severity(severity),
        ]),
        [withoutTicket.reduce((sum, { silenced }) => sum + silenced, 0), 'of them silenced'],
        [
          withoutTicket.reduce((sum, { maintained }) => sum + maintained, 0),
          'of them held back by maintenance',
        ],
      ]),
    ],
    ...storms.map(({ ticket, bot, findings }): [string, string] => [
      'Storm',
      `${ticket} stands for ${print.counted(findings, 'open finding')} of ${printable(bot)}: \`npx roundsman tickets show ${ticket}\``,
    ]),
    ...maintenanceInForce(status),
    ['Healed, 24 h', print.listed(healsInWords(heals)) ?? 'none'],
    ['Told, 24 h', toldInWords(status)],
    [
      'Tickets',
      print.listed([
        [tickets.all - tickets.assigned, print.state('open')],
        [tickets.assigned, print.state('assigned')],
        [tickets.snoozed, 'of them snoozed'],
      ]) ?? 'none open',
    ],
  ]);
}

/** A line for each window in force that is named, with what all of them hold back behind the first. */
function maintenanceInForce({ maintenance, now }: Status): [string, string][] {
  const { top, windows } = maintenance;
  const named = top.map((window): [string, string] => [
    'Maintenance',
    `${print.shortId(window.id)} until ${print.time(window.ends_at)} UTC (${print.relative(window.ends_at, now)}) for ${scopeInWords(window)}: ${printable(window.reason)}; holds back ${print.counted(window.open_findings ?? 0, 'finding')} and ${print.counted(window.pending_tickets ?? 0, 'ticket')}${window.skip_runs ? ', skips runs' : ''}`,
  ]);
  const more = windows - top.length;
  return more > 0
    ? [...named, ['Maintenance', `and ${more} more: \`npx roundsman maintenance list\``]]
    : named;
}

function toldInWords({ telling: { set_up, sent, pending, failed } }: Status): string {
  if (!set_up)
    return 'nothing: no channels are set up; `npx roundsman notify set FILE` sets them up';
  return (
    print.listed([
      [sent, print.state('sent')],
      [pending, print.state('pending')],
      [failed, print.state('failed')],
    ]) ?? 'nothing'
  );
}

/** The row of a process that was killed, or that hangs, stays for a while. */
function deadInWords(status: Status): string {
  const { nodes, now } = status;
  const [last] = nodes;
  if (takesNoWrites(status))
    return `${print.paint('yellow', 'not known')}: the database takes no writes, and so no heartbeats`;
  return last
    ? `${print.paint('yellow', 'not answering')}: no sign of ${printable(nodeName(last))} for ${print.span(now.getTime() - last.heartbeat_at.getTime())}; if it has ended, \`npx roundsman up\` starts it`
    : `${print.paint('yellow', 'not running')}; \`npx roundsman up\` starts it`;
}

const modeInWords = (mode: string | null): string =>
  ({
    off: `${print.paint('yellow', 'off')}: nothing is healed`,
    safe: 'safe: only safe remedies act alone',
    auto: 'auto: proven remedies act alone',
  })[mode ?? 'off'] ?? printable(mode ?? '');

function printDetails(status: Status): void {
  const { now, failures, inError, overdue, tickets } = status;
  if (failures.length > 0) {
    print.section('Newest failures, one for each bot');
    table(
      ['Run', 'Bot', 'Result', 'When', 'Why'],
      failures.map(({ id, name, status, completed_at, reason, error_message }) => [
        print.shortId(id),
        printable(name),
        print.state(status),
        print.relative(completed_at, now),
        printable([reason, error_message].filter(Boolean).join(': ')),
      ]),
      '',
    );
  }
  if (inError.length > 0) {
    print.section(`Bots in error ${print.shownOf(inError.length, botsThatAre(status, 'error'))}`);
    table(
      ['Bot', 'Since', 'Why'],
      inError.map(({ name, status_changed_at, status_reason }) => [
        printable(name),
        print.relative(status_changed_at, now),
        printable(status_reason ?? '-'),
      ]),
      '',
    );
  }
  if (overdue.top.length > 0) {
    print.section(`Overdue bots ${print.shownOf(overdue.top.length, overdue.all)}`);
    table(
      ['Bot', 'Was to run'],
      overdue.top.map(({ name, next_execution_at }) => [
        printable(name),
        next_execution_at ? print.relative(next_execution_at, now) : 'not planned',
      ]),
      '',
    );
  }
  if (tickets.top.length > 0) {
    print.section(`Tickets ${print.shownOf(tickets.top.length, tickets.all - tickets.snoozed)}`);
    ticketTable(tickets.top, now, '');
  }
}
