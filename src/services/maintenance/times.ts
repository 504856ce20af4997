/** The times of a maintenance window, from the options of its command. */
import { UsageError } from '../../ground/errors.ts';
import { time, timeForCommand } from '../../ground/text.ts';
import { parseSchedule } from '../../schedule/cron.ts';
import { bounds } from './bounds.ts';
import { planOccurrences, refuseOverlaps, type Occurrence } from '../../schedule/occurrences.ts';

/** The options as they were given; `from` and `to` are already times. */
export interface GivenTimes {
  from?: Date | undefined;
  to?: Date | undefined;
  /** how long it lasts, in seconds */
  for?: number | undefined;
  cron?: string | undefined;
  /** the zone of the schedule, and in which the window is shown */
  timezone: string;
}

/** Columns of `bot_maintenance`. */
export interface PlannedTimes {
  schedule_cron: string | null;
  duration_seconds: number | null;
  timezone: string;
  planned_until: Date | null;
  occurrences: Occurrence[];
}

const refusal = (why: string, hint: string): UsageError =>
  new UsageError({ what: 'no maintenance window was added', why, hint });

const examples =
  "give --for 2h, --from '2026-11-22 22:00' --to '2026-11-23 02:00', or --cron '0 2 * * 0' --for 2h";

/**
 * Throws UsageError if the options contradict each other, or do not say when the window is; {@link plannedTimes} checks the
 * times.
 */
export function refuseUnclearTimes({ from, to, for: seconds, cron }: GivenTimes): void {
  if (cron !== undefined) {
    if (from ?? to)
      throw refusal(
        `--cron says when it begins, and ${from ? '--from' : '--to'} too`,
        "give --cron '0 2 * * 0' --for 2h alone",
      );
    if (seconds === undefined)
      throw refusal('no option says how long it lasts', `give --cron '${cron}' --for 2h`);
    return;
  }
  if (to && seconds !== undefined)
    throw refusal('--to says when it ends, and --for too', 'leave one of them out');
  if (!to && seconds === undefined)
    throw refusal(
      from ? 'no option says when it ends' : 'no option says when it is',
      from ? 'give --to, or --for 2h' : examples,
    );
}

/** The zone as it is usually written. Throws BadScheduleError for one that is not known. */
export const zoneOf = (timezone: string): string => parseSchedule('@daily', timezone).zone;

/**
 * The occurrences of a window that is asked for at `now`. Throws UsageError for a time that has passed, a window that is too
 * short or too long, and one whose occurrences would overlap; BadScheduleError.
 */
export function plannedTimes(given: GivenTimes, now: Date): PlannedTimes {
  refuseUnclearTimes(given);
  const { cron, for: seconds } = given;
  if (cron !== undefined) return recurringTimes(cron, given.timezone, seconds!, now);
  if (given.from && given.from < now)
    throw refusal(
      `--from ${timeForCommand(given.from)} has passed: by the database's clock it is ${timeForCommand(now)}`,
      'leave --from out, and it begins now',
    );
  // Times are shown without fractions: a window that begins now begins with this second, so that it lasts exactly as long as the
  // person reads.
  const starts_at = given.from ?? new Date(Math.floor(now.getTime() / 1000) * 1000);
  const ends_at = given.to ?? new Date(starts_at.getTime() + seconds! * 1000);
  if (ends_at <= now)
    throw refusal(
      `--to ${timeForCommand(ends_at)} has passed: by the database's clock it is ${timeForCommand(now)}`,
      'give a time that is to come',
    );
  const length = (ends_at.getTime() - starts_at.getTime()) / 1000;
  if (length < bounds.least)
    throw refusal(
      `it would begin at ${time(starts_at)} UTC and end at ${time(ends_at)} UTC`,
      'let it last for a minute at least',
    );
  if (length > bounds.most + 1)
    throw refusal('it would last for more than a year', 'pause or disable what is not to run');
  return {
    schedule_cron: null,
    duration_seconds: null,
    timezone: zoneOf(given.timezone),
    planned_until: null,
    occurrences: [{ starts_at, ends_at }],
  };
}

function recurringTimes(cron: string, timezone: string, seconds: number, now: Date): PlannedTimes {
  const schedule = parseSchedule(cron, timezone);
  const window = {
    schedule_cron: schedule.text,
    timezone: schedule.zone,
    duration_seconds: seconds,
  };
  refuseOverlaps(window, now);
  const { occurrences, until } = planOccurrences(window, now, now);
  return { ...window, occurrences, planned_until: until };
}
