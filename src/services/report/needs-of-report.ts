/** What a person has to do first, as a report says: the needs of `status`, and slots of which no row says what became of them. */
import { counted, timeForCommand } from '../../ground/text.ts';
import type { Gap, ReportedNeed } from '../../report/report.ts';
import type { Facts } from '../progress/facts.ts';
import type { Need } from '../progress/need.ts';
import { needs } from '../progress/needs.ts';

/** These needs come before missing slots: they stop more, or people wait for them. */
const moreUrgent: ReadonlySet<string> = new Set<Need['kind']>([
  'rows_hidden',
  'read_only',
  'processes',
  'runs_waiting',
  'runs_lost',
  'jobs_stalled',
  'bots_unchecked',
  'bots_overdue',
  'secrets_closed',
  'tickets_late',
  'tickets_urgent',
  'code_refused',
  'remedies_missing',
  'bots_in_error',
]);

export function needsOf(facts: Facts, gaps: readonly Gap[]): ReportedNeed[] {
  const known = needs(facts);
  const gapsNeed = unexplained(gaps);
  const index = known.findIndex(({ kind }) => !moreUrgent.has(kind));
  return gapsNeed
    ? known.toSpliced(index === -1 ? known.length : index, 0, gapsNeed as never)
    : known;
}

/** Slots are at whole minutes, so a period with a slot as its last one ends a minute later. */
const minuteMs = 60_000;

function unexplained(gaps: readonly Gap[]): ReportedNeed | null {
  const missing = gaps.filter(({ reason }) => reason === 'missing');
  const [first] = missing;
  if (!first) return null;
  const slots = missing.reduce((sum, gap) => sum + (gap.slots ?? 0), 0);
  const bots = missing.length === 1 ? first.bot : counted(missing.length, 'bot');
  const until = timeForCommand(new Date(Date.parse(first.last) + minuteMs));
  return {
    kind: 'gaps_unexplained',
    what: `${counted(slots, 'slot')} of ${bots} ${slots === 1 ? 'has' : 'have'} no run, and no row says why`,
    try: `\`npx roundsman bots backfill ${first.bot} --since ${timeForCommand(first.first)} --until ${until} --dry-run\` lists those of ${first.bot}`,
  };
}
