import { printable } from '../../ground/text.ts';
import { actionTable } from '../actions/table.ts';
import { withDatabase } from '../session/database.ts';
import { findingTable } from '../findings/list.ts';
import * as print from '../terminal/print.ts';
import { table } from '../terminal/table.ts';
import { showRun as read } from '../../services/runs/show.ts';
import { causeOf, type ListedRun } from './list.ts';

export const showRun = (given: string, options: { json?: true }): Promise<void> =>
  withDatabase(async ({ db }) => {
    const { run, bots, findings, actions, maintenance, now } = await read(db, { run: given });
    if (options.json)
      return print.json({
        ...run,
        bots,
        bot_findings: findings,
        bot_actions: actions,
        bot_maintenance: maintenance,
      });

    printRun({ ...run, bots }, maintenance, now);
    print.section('Checks');
    const { checks } = (run.metadata ?? {}) as { checks?: unknown };
    printChecks(checks);
    print.section('Findings');
    findingTable(
      findings.map((finding) => ({ ...finding, bots })),
      now,
      'None.',
      false,
    );
    const others = (run.issues_found ?? 0) - findings.length;
    if (others > 0) print.say(notListed(others, bots.name));
    print.section('Actions');
    actionTable(actions, now, 'None.');
  });

/** A finding remembers the first and the last run that saw it, and no run between them. */
const notListed = (count: number, bot: string): string =>
  `${print.counted(count, 'more finding')} ${count === 1 ? 'was' : 'were'} seen, of which this run was neither the first nor the last to see ${count === 1 ? 'it' : 'them'}, or which the list has no room for: \`npx roundsman findings list --all --bot ${printable(bot)}\``;

function printRun(
  run: ListedRun,
  maintenance: Awaited<ReturnType<typeof read>>['maintenance'],
  now: Date,
): void {
  const cancelRequestedAt = run.cancel_requested_at;
  const said = run.cancel_reason ? `: ${printable(run.cancel_reason)}` : '';
  print.say(print.paint('bold', printable(`Run of ${run.bots.name}`)));
  print.say();
  print.facts([
    ['Status', print.state(run.status)],
    ['Why', causeOf(run) || null],
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
    ['Attempt', `${run.attempt} of ${run.max_attempts}`],
    ['Worker', run.worker && printable(run.worker)],
    ['Lease', run.status === 'running' ? print.moment(run.lease_until, now) : null],
    [
      'Cancelled',
      cancelRequestedAt ? `asked for at ${print.time(cancelRequestedAt)} UTC${said}` : null,
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

function missedInWords(metadata: any): string | null {
  if (typeof metadata?.until === 'string')
    return `the slots until ${printable(metadata.until)}, not counted`;
  if (typeof metadata?.count !== 'number') return null;
  return `${print.counted(metadata.count, 'slot')}, the last at ${printable(String(metadata.last))}`;
}

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
    known.map(({ name, status, ms, title, reason }) => [
      text(name),
      print.stateAs(checkStates[String(status)] ?? '', text(status)),
      typeof ms === 'number' ? print.duration(ms) : '-',
      text(title),
      text(reason),
    ]),
    'None performed.',
    ['Took'],
  );
}
