/**
 * What a report says: whether everything ran, what was found and healed, and what a person has to do first. It is plain
 * data, with times as ISO texts in UTC, so that a message can keep it as it was made. `report --format json` prints it;
 * docs/operations.md describes its keys.
 */

/** The slots of a period. `due` is the sum of all others but `ran`, which is `success`, `failed` and `timeout` together. */
export interface SlotCounts {
  due: number;
  ran: number;
  success: number;
  failed: number;
  timeout: number;
  cancelled: number;
  /** queued or running when the report was made */
  open: number;
  /** by `bot_executions.reason` */
  skipped: Record<string, number>;
  /** due, and not claimed by a scheduler yet */
  waiting: number;
  /** due by the schedule, and without a row that says what became of them */
  missing: number;
}

export const noSlots = (): SlotCounts => ({
  due: 0,
  ran: 0,
  success: 0,
  failed: 0,
  timeout: 0,
  cancelled: 0,
  open: 0,
  skipped: {},
  waiting: 0,
  missing: 0,
});

export const skippedIn = ({ skipped }: Pick<SlotCounts, 'skipped'>): number =>
  Object.values(skipped).reduce((sum, count) => sum + count, 0);

/** Slots that were not run, of one bot and for one reason. */
export interface Gap {
  bot: string;
  /** `missing`, `waiting` or `cancelled`; the reason of skipped rows; or the bot's status while nothing was owed */
  reason: string;
  /** what else the rows say about it; null if nothing */
  detail: string | null;
  /** null if their number is not known */
  slots: number | null;
  /** there may be more than `slots` */
  is_least: boolean;
  /** false: the bot was not active, so they were not due */
  owed: boolean;
  /** the number of unbroken stretches that they form; slots that ran lie between two stretches */
  stretches: number;
  first: string;
  last: string;
}

export interface ReportedBot {
  name: string;
  status: 'active' | 'paused' | 'disabled' | 'error';
  status_reason: string | null;
  schedule_cron: string;
  timezone: string;
  /** Before this only rows say what was due; null if the schedule is known for the whole period. */
  known_from: string | null;
  known_why: string | null;
  /** there may have been more slots than the rows tell */
  is_least: boolean;
  slots: SlotCounts;
}

/** What a person has to look at, as `status` says it; `gaps_unexplained` is the report's own. */
export interface ReportedNeed {
  kind: string;
  what: string;
  try: string;
}

/** The figures that are set beside those of earlier periods. */
export interface PeriodFigures {
  due: number;
  ran: number;
  /** failed and timed out */
  failed: number;
  skipped: number;
  missing: number;
  found: number;
  healed: number;
  relapsed: number;
  opened: number;
  resolved: number;
  reopened: number;
  past_target: number;
  messages_failed: number;
}

export type FigureName = keyof PeriodFigures;

/** The figures in their order, each with its label. */
export const figureNames: readonly (readonly [name: FigureName, label: string])[] = [
  ['due', 'Slots due'],
  ['ran', 'Ran'],
  ['failed', 'Failed or timed out'],
  ['skipped', 'Skipped'],
  ['missing', 'Missing'],
  ['found', 'Findings found'],
  ['healed', 'Verified or held'],
  ['relapsed', 'Relapsed'],
  ['opened', 'Tickets opened'],
  ['resolved', 'Tickets resolved'],
  ['reopened', 'Tickets reopened'],
  ['past_target', 'Past their target'],
  ['messages_failed', 'Messages failed'],
];

export interface Period extends PeriodFigures {
  from: string;
  to: string;
}

export interface ReportedTicket {
  number: string;
  severity: string;
  status: string;
  title: string;
  assigned_to: string | null;
  respond_by: string | null;
  is_late: boolean;
}

export interface Report {
  /** slots at `from` belong to it, those at `to` do not */
  from: string;
  to: string;
  made_at: string;
  verdict: {
    /** each due slot has a run that ended, and it is known that no other slot was due */
    everything_ran: boolean;
    /** each due slot has a row, or waits; and it is known that no other slot was due */
    accounted_for: boolean;
    /** what was due is known for the whole period */
    known: boolean;
    needs_attention: boolean;
  };
  /** the most urgent first */
  needs: ReportedNeed[];
  slots: SlotCounts;
  bots: ReportedBot[];
  gaps: Gap[];
  /** runs without a slot: by `bot_executions.trigger` */
  other_runs: Record<string, number>;
  /** found in the period, by severity */
  bot_findings: Record<string, number>;
  /** heals of the period by the state of their last step now */
  heals: Record<string, number>;
  tickets: {
    opened: number;
    /** and not reopened since */
    resolved: number;
    reopened: number;
    past_target: number;
    storms: number;
    /** as it is now */
    pending: number;
    late: number;
    urgent: number;
    snoozed: number;
    bot_tickets: ReportedTicket[];
  };
  bot_notifications: { sent: number; failed: number; pending: number; set_up: boolean };
  maintenance: { windows: number; open_findings: number; pending_tickets: number };
  /** silences in force that hide something; a message that an earlier version made has no such key */
  silences?: { count: number; open_findings: number; pending_tickets: number };
  /** the periods before it that the installation has seen, and this one, the oldest first */
  periods: Period[];
  /** the median of the periods before, and the last of them; null if there are none */
  before: { count: number; median: PeriodFigures; last: PeriodFigures } | null;
}
