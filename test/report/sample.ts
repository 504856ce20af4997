/** A report with something in each of its parts, and the same with a text from outside wherever one may stand. */
import type { Period, PeriodFigures, Report } from '../../src/report/report.ts';

const figures = (value: number): PeriodFigures => ({
  due: 24 + value,
  ran: 20 + value,
  failed: 1,
  skipped: 3,
  missing: 1,
  found: value,
  healed: 2,
  relapsed: 1,
  opened: value,
  resolved: 2,
  reopened: 5,
  past_target: 1,
  messages_failed: 0,
});

const periods: Period[] = Array.from({ length: 8 }, (_, at) => ({
  from: new Date(Date.UTC(2026, 10, 21 + at, 8)).toISOString(),
  to: new Date(Date.UTC(2026, 10, 22 + at, 8)).toISOString(),
  ...figures(at),
}));

export const sample = (values: Partial<Report> = {}): Report => ({
  from: '2026-11-28T08:00:00.000Z',
  to: '2026-11-29T08:00:00.000Z',
  made_at: '2026-11-29T08:00:01.000Z',
  verdict: { everything_ran: false, accounted_for: false, known: false, needs_attention: true },
  needs: [
    {
      kind: 'tickets_late',
      what: '1 ticket past its response target',
      try: '`npx roundsman tickets show T-3`',
    },
  ],
  slots: {
    due: 31,
    ran: 27,
    success: 26,
    failed: 1,
    timeout: 0,
    cancelled: 0,
    open: 0,
    skipped: { maintenance: 3 },
    waiting: 0,
    missing: 1,
  },
  bots: [
    {
      name: 'ledger',
      status: 'active',
      status_reason: 'because',
      schedule_cron: '0 * * * *',
      timezone: 'UTC',
      known_from: '2026-11-28T09:00:00.000Z',
      known_why: 'its schedule was changed then',
      is_least: true,
      slots: {
        due: 31,
        ran: 27,
        success: 26,
        failed: 1,
        timeout: 0,
        cancelled: 0,
        open: 0,
        skipped: { maintenance: 3 },
        waiting: 0,
        missing: 1,
      },
    },
  ],
  gaps: [
    {
      bot: 'ledger',
      reason: 'maintenance',
      detail: 'PostgreSQL 18',
      slots: 3,
      is_least: false,
      owed: true,
      stretches: 1,
      first: '2026-11-28T22:00:00.000Z',
      last: '2026-11-29T00:00:00.000Z',
    },
  ],
  other_runs: { manual: 2 },
  bot_findings: { critical: 1, low: 3 },
  heals: { held: 2, relapsed: 1 },
  tickets: {
    opened: 4,
    resolved: 2,
    reopened: 5,
    past_target: 1,
    storms: 1,
    pending: 3,
    late: 1,
    urgent: 2,
    snoozed: 0,
    bot_tickets: [
      {
        number: '3',
        severity: 'critical',
        status: 'assigned',
        title: 'payments answer 500',
        assigned_to: 'ann',
        respond_by: '2026-11-29T07:00:00.000Z',
        is_late: true,
      },
    ],
  },
  bot_notifications: { sent: 7, failed: 0, pending: 0, set_up: true },
  maintenance: { windows: 1, open_findings: 2, pending_tickets: 1 },
  periods,
  before: { count: 7, median: figures(3), last: figures(6) },
  ...values,
});

/** Every text that rows may have is this one. */
export function hostileReport(text: string): Report {
  const report = sample();
  return {
    ...report,
    needs: [{ kind: 'bots_in_error', what: text, try: `look at ${text}` }],
    bots: report.bots.map((bot) => ({
      ...bot,
      name: text,
      status_reason: text,
      schedule_cron: text,
      known_why: text,
      slots: { ...bot.slots, skipped: { [text]: 3 } },
    })),
    gaps: report.gaps.map((gap) => ({ ...gap, bot: text, reason: text, detail: text })),
    other_runs: { [text]: 1 },
    heals: { [text]: 1 },
    tickets: {
      ...report.tickets,
      bot_tickets: report.tickets.bot_tickets.map((ticket) => ({
        ...ticket,
        title: text,
        assigned_to: text,
        status: text,
        severity: text,
      })),
    },
  };
}
