import { printable } from '../../ground/text.ts';
import { actionTable } from '../actions/table.ts';
import { withDatabase } from '../session/database.ts';
import { findingTable } from '../findings/list.ts';
import * as print from '../terminal/print.ts';
import { table } from '../terminal/table.ts';
import { runIdOf } from '../../services/references/by-id.ts';
import type { ListedRun } from '../../services/runs/list.ts';
import { showRun as read } from '../../services/runs/show.ts';
import { hasUnicode } from '../terminal/signs.ts';
import { timeline, type Phase } from '../terminal/timeline.ts';
import { columnsOf } from '../terminal/width.ts';
import { printFigures } from './figures.ts';
import { whyOf } from './list.ts';
import { progressInWords } from './progress-in-words.ts';
import { phasesOf } from './phases.ts';
import type { ShowOptions } from '../arguments/show-options.ts';
import { showEach } from '../listing/show-each.ts';

type Shown = Awaited<ReturnType<typeof read>>;

export const showRuns = (given: string[], options: ShowOptions): Promise<void> =>
  withDatabase(({ db }) =>
    showEach(given, options, {
      idOf: (name) => runIdOf(db, name),
      read: (run) => read(db, { run }),
      fields: documentOf,
      print: printShown,
    }),
  );

const documentOf = ({ run, bot, findings, actions, maintenance, progress }: Shown) => ({
  ...run,
  bots: bot,
  bot_findings: findings,
  bot_actions: actions,
  bot_maintenance: maintenance,
  run_progress: progress,
});

function printShown({ run, bot, findings, actions, maintenance, progress, now }: Shown): void {
  printRun({ ...run, bots: bot }, { maintenance, progress, now });
  printTimeline(phasesOf(run, findings, actions, now));
  print.section('Checks');
  const { checks } = (run.metadata ?? {}) as { checks?: unknown };
  printChecks(checks);
  printFigures(checks);
  print.section('Findings');
  findingTable(
    findings.map((finding) => ({ ...finding, bots: bot })),
    now,
    'None.',
  );
  const others = (run.issues_found ?? 0) - findings.length;
  if (others > 0) print.say(notListed(others, bot.name));
  print.section('Actions');
  actionTable(actions, now, 'None.');
}

/** A finding remembers the first and the last run that saw it, but no run between them. */
const notListed = (count: number, bot: string): string =>
  `${print.counted(count, 'more finding')} ${count === 1 ? 'was' : 'were'} seen, of which this run was neither the first nor the last to see ${count === 1 ? 'it' : 'them'}, or which the list has no room for: \`npx roundsman findings list --all --bot ${printable(bot)}\``;

function printRun(
  run: ListedRun,
  { maintenance, progress, now }: Pick<Shown, 'maintenance' | 'progress' | 'now'>,
): void {
  const cancelRequestedAt = run.cancel_requested_at;
  const said = run.cancel_reason ? `: ${printable(run.cancel_reason)}` : '';
  print.say(print.paint('bold', printable(`Run of ${run.bots.name}`)));
  print.say();
  print.facts([
    ['Status', print.state(run.status)],
    ['Why', whyOf(run) || null],
    ['Trigger', run.trigger],
    ['Slot', print.moment(run.scheduled_for, now)],
    ['Queued', print.moment(run.queued_at, now)],
    ['Not before', print.moment(run.run_after, now)],
    // Until the run starts, started_at holds the time of the claim.
    ['Started', run.attempt > 0 ? print.moment(run.started_at, now) : null],
    ['Ended', print.moment(run.completed_at, now)],
    [
      run.completed_at ? 'Took' : 'Before',
      run.execution_time_ms === null
        ? null
        : run.completed_at
          ? print.duration(run.execution_time_ms)
          : `earlier attempts took ${print.duration(run.execution_time_ms)}`,
    ],
    ['Progress', progress && progressInWords(progress)],
    ['Attempt', `${run.attempt} of ${run.max_attempts}`],
    ['Worker', run.worker && printable(run.worker)],
    ['Lease', run.status === 'running' ? print.moment(run.lease_until, now) : null],
    [
      'Cancelled',
      cancelRequestedAt ? `asked for at ${print.time(cancelRequestedAt)}${said}` : null,
    ],
    [
      'Skipped by',
      maintenance &&
        `maintenance ${print.shortId(maintenance.id)} of ${printable(maintenance.owner)}: ${printable(maintenance.reason)}`,
    ],
    ['Missed', run.reason === 'missed' ? missedInWords(run.metadata) : null],
    [
      'Results',
      [
        print.counted(run.checks_performed ?? 0, 'check'),
        print.counted(run.issues_found ?? 0, 'finding'),
        print.counted(run.actions_taken ?? 0, 'action'),
      ].join(', '),
    ],
    ['Id', run.id],
  ]);
}

/** Only on a terminal: the facts have the same times, and a program cannot read bars. */
function printTimeline(phases: Phase[]): void {
  if (!process.stdout.isTTY || phases.length === 0) return;
  print.section('Timeline');
  print.put(timeline(phases, columnsOf(process.stdout), hasUnicode()).join('\n'));
}

function missedInWords(metadata: any): string | null {
  if (typeof metadata?.until === 'string')
    return `the slots until ${printable(metadata.until)}, not counted`;
  if (typeof metadata?.count !== 'number') return null;
  return `${print.counted(metadata.count, 'slot')}, the last at ${printable(String(metadata.last))}`;
}

/** An event check passes also where it could not tell about some keys. */
const unclearInWords = (keys: unknown): string | null =>
  typeof keys === 'number' && keys > 0
    ? `too few events to tell for ${print.counted(keys, 'key')}`
    : null;

/** A check that examined nothing has proven nothing, although it passed. */
const emptyInWords = (status: unknown, examined: unknown): string | null =>
  status === 'passed' && examined === 0 ? 'there was nothing to judge' : null;

const checkStates: Record<string, string> = {
  passed: 'success',
  failed: 'open',
  errored: 'failed',
  skipped: 'skipped',
};

/** Any version may have written `metadata`, so its shape is not known. */
function printChecks(checks: unknown): void {
  const known = Array.isArray(checks)
    ? checks.filter((check) => check && typeof check === 'object')
    : [];
  const text = (value: unknown) =>
    value === undefined || value === null ? '' : printable(String(value));
  table(
    ['Check', 'Status', 'Took', 'Question', 'Reason'],
    known.map(({ name, status, ms, title, reason, unclear_keys, examined }) => [
      text(name),
      print.stateAs(checkStates[String(status)] ?? '', text(status)),
      typeof ms === 'number' ? print.duration(ms) : '-',
      text(title),
      text(reason ?? unclearInWords(unclear_keys) ?? emptyInWords(status, examined)),
    ]),
    'None performed.',
    ['Took'],
    ['Reason'],
  );
}
