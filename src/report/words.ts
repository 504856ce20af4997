/** A report in sentences, which every form shares. Foreign text in them is printable; each form still escapes its own signs. */
import { keptBackInWords } from '../ground/kept-back.ts';
import { byNumber, counted, countsInWords, printable, spanInAll, time } from '../ground/text.ts';
import { skippedIn, type Gap, type Report, type ReportedBot, type SlotCounts } from './report.ts';

/** `Report of 1d: 2026-11-28 08:00:00 to 2026-11-29 08:00:00 UTC` */
export const headline = ({ from, to }: Report): string =>
  `Report of ${spanInAll(Date.parse(to) - Date.parse(from))}: ${time(from)} to ${time(to)} UTC`;

/** Whether everything ran, as far as that is proven: one to three sentences. */
export function proofInWords({ verdict, slots, bots }: Report): string {
  const all = `${counted(slots.due, 'slot')} of ${counted(bots.filter(hadSlots).length, 'bot')}`;
  if (!verdict.known) {
    const unknown = bots.filter((bot) => bot.known_from !== null || bot.is_least).length;
    const why =
      unknown > 0
        ? `what was due is not recorded for the whole period of ${counted(unknown, 'bot')}`
        : 'row level security hides rows from the role that asked';
    return `It is not proven that everything ran: ${why}. Of ${all} that are known, ${outcomes(slots)}.`;
  }
  if (slots.due === 0) return 'Nothing was due.';
  if (verdict.everything_ran)
    return slots.failed + slots.timeout === 0
      ? `Everything ran: ${all}, each with success.`
      : `Everything ran: ${all}; ${countsInWords([
          [slots.success, 'succeeded'],
          [slots.failed, 'failed'],
          [slots.timeout, 'timed out'],
        ])}.`;
  if (verdict.accounted_for)
    return `Not all ran, but each has its row: of ${all}, ${outcomes(slots)}.`;
  return `It is not proven that everything ran: of ${all}, ${outcomes(slots)}.`;
}

const hadSlots = ({ slots }: ReportedBot): boolean => slots.due > 0;

const outcomes = (slots: SlotCounts): string =>
  countsInWords([
    [slots.ran, 'ran'],
    [slots.open, byNumber(slots.open, 'is queued or running', 'are queued or running')],
    [skippedIn(slots), byNumber(skippedIn(slots), 'was skipped', 'were skipped')],
    [slots.cancelled, byNumber(slots.cancelled, 'was cancelled', 'were cancelled')],
    [slots.waiting, byNumber(slots.waiting, 'waits for a scheduler', 'wait for a scheduler')],
    [
      slots.missing,
      byNumber(slots.missing, 'has no run and no reason', 'have no run and no reason'),
    ],
  ]) ?? 'none ran';

export function needsInWords(report: Report): string {
  const { needs } = report;
  if (needs.length > 0)
    return `${counted(needs.length, 'thing')} ${byNumber(needs.length, 'needs', 'need')} you.`;
  const kept = keptBack(report);
  return kept ? `Nothing needs you now; ${kept}.` : 'Nothing needs you.';
}

/** What maintenance holds back, and what silences hide; null where nothing is. */
function keptBack({ maintenance, silences }: Report): string | null {
  const of = (counts: { open_findings: number; pending_tickets: number } | undefined) => ({
    findings: counts?.open_findings ?? 0,
    tickets: counts?.pending_tickets ?? 0,
  });
  return keptBackInWords({
    maintenance: { windows: maintenance.windows, ...of(maintenance) },
    silences: { silences: silences?.count ?? 0, ...of(silences) },
  });
}

/** `everything ran, nothing needs you`: the subject of a mail. */
export function subjectInWords(report: Report): string {
  const { verdict, needs, slots } = report;
  const failures = slots.failed + slots.timeout;
  const ran = verdict.everything_ran
    ? failures === 0
      ? 'everything ran'
      : `everything ran, ${failures} failed`
    : slots.due === 0 && verdict.known
      ? 'nothing was due'
      : slots.missing > 0
        ? `${counted(slots.missing, 'slot')} unexplained`
        : verdict.accounted_for
          ? 'not all ran'
          : 'not proven that all ran';
  return `${ran}, ${needs.length === 0 ? `nothing needs you${keptBack(report) ? ' now' : ''}` : `${counted(needs.length, 'thing')} ${byNumber(needs.length, 'needs', 'need')} you`}`;
}

const meanings: Record<string, string> = {
  missing: 'no row says why',
  waiting: 'not claimed yet',
  missed: 'skipped, missed',
  overlap: 'skipped, an earlier run was still open',
  maintenance: 'skipped, maintenance',
  cancelled: 'cancelled',
  paused: 'the bot was paused: nothing was due',
  disabled: 'the bot was disabled: nothing was due',
  error: 'the bot was in error: nothing was due',
};

/** `3 slots from 2026-11-29 02:00:00 to 04:00:00 UTC, in 2 stretches: skipped, maintenance (weekly backup)` */
export function gapInWords({
  slots,
  is_least,
  reason,
  detail,
  stretches,
  first,
  last,
}: Gap): string {
  const many = `${is_least ? 'at least ' : ''}${slots === null ? 'slots' : counted(slots, 'slot')}`;
  const [from, to] = [time(first), time(last)];
  const end = from.slice(0, 10) === to.slice(0, 10) ? to.slice(11) : to;
  const when = first === last ? `at ${from} UTC` : `from ${from} to ${end} UTC`;
  const parts = stretches > 1 ? `, in ${stretches} stretches` : '';
  const why = meanings[reason] ?? `skipped, ${printable(reason)}`;
  return `${many} ${when}${parts}: ${why}${detail ? ` (${printable(detail)})` : ''}`;
}

/** The bots for which it is not known what was due in the whole period, and why it is not known. */
export const unknownBots = ({ bots }: Report): { bot: string; why: string }[] =>
  bots
    .filter(({ known_from, is_least }) => known_from !== null || is_least)
    .map(({ name, known_from, known_why, is_least }) => ({
      bot: printable(name),
      why: printable(
        [
          ...(known_from === null
            ? []
            : [
                `its schedule is known from ${time(known_from)} UTC on (${known_why ?? 'why is not recorded'}); before that only rows say what was due`,
              ]),
          ...(is_least ? ['how many slots were missed is not recorded'] : []),
        ].join('; '),
      ),
    }));

/** `T-3  critical, assigned to ann, past its target: payments answer 500` */
export const ticketInWords = ({
  number,
  severity,
  status,
  assigned_to,
  is_late,
  title,
}: Report['tickets']['bot_tickets'][number]): string =>
  `T-${printable(number)}  ${[
    printable(severity),
    assigned_to === null ? printable(status) : `with ${printable(assigned_to)}`,
    ...(is_late ? ['past its target'] : []),
  ].join(', ')}: ${printable(title)}`;

/** The columns of the table of bots. */
export const botColumns = [
  'Bot',
  'Due',
  'Success',
  'Failed',
  'Timed out',
  'Skipped',
  'Missing',
  'Other',
] as const;

export const botCells = ({ name, slots, is_least }: ReportedBot): string[] => [
  printable(name),
  `${is_least ? '>=' : ''}${slots.due}`,
  String(slots.success),
  String(slots.failed),
  String(slots.timeout),
  String(skippedIn(slots)),
  String(slots.missing),
  String(slots.cancelled + slots.open + slots.waiting),
];

/** Whether a bot has something to look at. Of the others each slot ran with success, or none was due. */
export const isNotable = ({ slots, status, known_from, is_least }: ReportedBot): boolean =>
  slots.success !== slots.due || status === 'error' || known_from !== null || is_least;

/** Whole numbers as they are, halves with one digit. */
export const formatNumber = (value: number): string =>
  Number.isInteger(value) ? String(value) : value.toFixed(1);
