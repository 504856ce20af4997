/** Whether a plain VACUUM may run by itself now. */
import type { Config } from './config.ts';

/**
 * The hours are read when the check runs: a playbook knows no time of day, so the finding has to say it. Two times that are equal mean
 * the whole day.
 */
export function isOffPeak(now: Date, { vacuum_from, vacuum_until, vacuum_zone }: Config): boolean {
  const time = new Intl.DateTimeFormat('en-GB', {
    timeZone: vacuum_zone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).format(now);
  if (vacuum_from === vacuum_until) return true;
  return vacuum_from < vacuum_until
    ? time >= vacuum_from && time < vacuum_until
    : time >= vacuum_from || time < vacuum_until;
}
