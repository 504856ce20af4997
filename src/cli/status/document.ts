import { botsThatAre } from '../../services/progress/facts.ts';
import { inOneLine } from '../../services/progress/needs.ts';
import type { Status } from '../../services/status/show.ts';

/** What `status --json` prints. */
export function asDocument(status: Status) {
  // Programs that read this count a heal that has held as verified, too.
  const { held, ...heals } = status.heals;
  const healed = heals.verified + held;
  const {
    now,
    needed,
    alive,
    mode,
    nodes,
    inError,
    overdue,
    runs,
    failures,
    findings,
    quiet,
    withoutTicket,
    storms,
    tickets,
    maintenance,
    silences,
    unusable,
  } = status;
  const { waiting, lost, lastRuns, queue, lag, skew, messages } = status;
  const countOf = (wanted: string) =>
    runs.filter((row) => row.status === wanted).reduce((sum, { count }) => sum + count, 0);
  return {
    now,
    needs_attention: needed.map(inOneLine),
    needs: needed,
    mode: mode.mode,
    mode_change: mode,
    // Which bots and remedies each process knows would be most of the document.
    nodes: nodes.map(({ bots: _bots, remedies: _remedies, ...node }) => node),
    alive,
    bots: Object.fromEntries(
      ['active', 'paused', 'disabled', 'error'].map((word) => [word, botsThatAre(status, word)]),
    ),
    bots_in_error: inError,
    overdue: { count: overdue.all, since: overdue.since, bots: overdue.top },
    waiting,
    lost,
    bot_executions: Object.fromEntries(
      [...new Set(runs.map((row) => row.status))].map((word) => [word, countOf(word)]),
    ),
    skipped: Object.fromEntries(
      runs
        .filter((row) => row.status === 'skipped')
        .map(({ reason, slots }) => [reason ?? 'unknown', slots]),
    ),
    failures,
    bot_findings: Object.fromEntries(findings.map(({ severity, count }) => [severity, count])),
    quiet_findings: quiet,
    findings_without_ticket: Object.fromEntries(
      withoutTicket.map(({ severity, count }) => [severity, count]),
    ),
    storms,
    maintenance: {
      windows: maintenance.windows,
      open_findings: maintenance.findings,
      pending_tickets: maintenance.tickets,
      bot_maintenance: maintenance.top.map(({ occurrences: _, ...window }) => window),
    },
    silences: {
      count: silences.silences,
      open_findings: silences.findings,
      pending_tickets: silences.tickets,
    },
    last_runs: lastRuns,
    queue,
    scheduler_lag: lag,
    clock_skew_ms: skew.skewMs,
    /** of the last 24 hours, except pending ones: those are all that wait */
    bot_notifications: {
      sent: messages.sent,
      failed: messages.failed,
      pending: messages.pending,
      pending_since: messages.pending_since,
    },
    channels: {
      set_up: messages.set_up,
      unusable,
      off: messages.off,
      off_since: messages.off_since,
    },
    healed,
    /** of the healed ones */
    held,
    heals: { ...heals, verified: healed },
    tickets: {
      count: tickets.all,
      assigned: tickets.assigned,
      snoozed: tickets.snoozed,
      urgent: tickets.urgent,
      late: tickets.late,
      late_since: tickets.late_since,
      bot_tickets: tickets.top,
    },
  };
}
