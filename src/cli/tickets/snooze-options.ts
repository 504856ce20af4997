import { Option } from 'commander';
import { moment, seconds } from '../arguments/durations.ts';
import { wholeNumber } from '../arguments/options.ts';

/** A year at most, as for a silence. */
const snoozeBounds = { least: 60, most: 365 * 86_400, example: '4h' };

/** The options that say until when a ticket waits; a person gives one of them. */
export const snoozeOptions = () => [
  new Option('--for <time>', 'how long: 30m, 4h, 3d')
    .argParser(seconds('--for', snoozeBounds))
    .conflicts(['until', 'occurrences', 'end']),
  new Option(
    '--until <time>',
    "until a time, as '2026-11-22 09:00', in your zone unless it has an offset",
  )
    .argParser(moment('--until'))
    .conflicts(['occurrences', 'end']),
  new Option('--occurrences <n>', 'until runs that begin from now on have seen it this often')
    .argParser(wholeNumber('--occurrences', 1, 10_000))
    .conflicts('end'),
];
