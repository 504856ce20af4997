/** The figures of `status` in words. */
import { printable } from '../../ground/text.ts';
import { noBots } from '../bots/list.ts';
import * as print from '../terminal/print.ts';
import { nodeName } from '../../services/progress/canary-stop.ts';
import { takesNoWrites } from '../../services/progress/read-only.ts';
import type { Status } from '../../services/status/show.ts';
import { healsInWords } from '../actions/heals.ts';
import { scopeInWords } from '../maintenance/words.ts';
import { paceInWords } from './pace.ts';

/** `1 scheduler, 2 workers alive`; null when none is alive. */
const aliveInWords = ({ alive: { schedulers, workers } }: Status): string | null =>
  schedulers + workers === 0
    ? null
    : `${print.counted(schedulers, 'scheduler')}, ${print.counted(workers, 'worker')} alive`;

/** The lines of `status`: a label and its words each; null or undefined words where there is nothing to say. */
export function figuresOf(status: Status): [label: string, words: string | null | undefined][] {
  const { bots, runs, findings, quiet, withoutTicket, storms, heals, tickets, mode } = status;
  const alive = aliveInWords(status);
  const skips = runs.filter((row) => row.status === 'skipped');
  const skipped = skips.reduce((sum, { slots }) => sum + slots, 0);
  const results = print.countsInWords([
    ...runs
      .filter((row) => row.status !== 'skipped')
      .map(({ status, count }): [number, string] => [count, print.state(status)]),
    [
      skipped,
      `${skipped === 1 ? 'slot' : 'slots'} skipped (${skips.map(({ slots, reason }) => `${slots} ${printable(reason ?? 'for no reason')}`).join(', ')})`,
    ],
  ]);
  return [
    ['Engine', alive ?? deadInWords(status)],
    ['Mode', modeInWords(mode.mode)],
    [
      'Bots',
      print.countsInWords(bots.map(({ status, count }) => [count, print.state(status)])) ?? noBots,
    ],
    ['Runs, 24 h', results ?? 'none'],
    [
      'Findings',
      print.countsInWords([
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
      print.countsInWords([
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
    ...paceInWords(status),
    ['Heals, 24 h', healsInWords(heals)],
    ['Told, 24 h', toldInWords(status)],
    [
      'Tickets',
      print.countsInWords([
        [tickets.all - tickets.assigned, print.state('open')],
        [tickets.assigned, print.state('assigned')],
        [tickets.snoozed, 'of them snoozed'],
        [tickets.late, 'past their response target'],
      ]) ?? 'none open',
    ],
  ];
}

/** A line for each of the first windows in force, with what it holds back, and a line that counts the others. */
function maintenanceInForce({ maintenance, now }: Status): [string, string][] {
  const { top, windows } = maintenance;
  const named = top.map((window): [string, string] => [
    'Maintenance',
    `${print.shortId(window.id)} until ${print.time(window.ends_at)} (${print.relative(window.ends_at, now)}) for ${scopeInWords(window)}: ${printable(window.reason)}; holds back ${print.counted(window.open_findings ?? 0, 'finding')} and ${print.counted(window.pending_tickets ?? 0, 'ticket')}${window.skip_runs ? ', skips runs' : ''}`,
  ]);
  const more = windows - top.length;
  return more > 0
    ? [...named, ['Maintenance', `and ${more} more: \`npx roundsman maintenance list\``]]
    : named;
}

function toldInWords({ messages, now }: Status): string {
  const { set_up, sent, pending, pending_since: since, failed } = messages;
  if (!set_up)
    return 'nothing: no channels are set up; `npx roundsman notify set FILE` sets them up';
  return (
    print.countsInWords([
      [sent, print.state('sent')],
      [
        pending,
        `${print.state('pending')}${since ? `, the oldest for ${print.span(now.getTime() - since.getTime())}` : ''}`,
      ],
      [failed, print.state('failed')],
    ]) ?? 'nothing'
  );
}

/** Why no process seems alive. The row of a process that was killed, or that hangs, stays for a while and names it. */
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
