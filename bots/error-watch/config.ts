/** The settings of the error watch. */
import { z } from '../../src/bot.ts';
import { count, maxFindings, time } from '../parts/settings.ts';

export const config = z.strictObject({
  // Our choice: a person who comes to work in the morning still sees the night's errors as new.
  new_hours: time(24, 'a group is new for this many hours after its first error', 720),
  // Two days, so that an error of a daily job does not end and come back each day. Counts reach back for eight days.
  quiet_hours: time(
    48,
    'a group has ended when it has had no error for this many hours; an error after that has come back',
    168,
  ),
  // As the platform's operators asked: three times the mean, and at least ten.
  spike_factor: z
    .number()
    .min(1.5)
    .max(1_000)
    .default(3)
    .describe('a group spikes with this many times its mean of an hour in the week before'),
  // Our choice: twice as many as by day are no chance, whatever the nights' share of the mean.
  busy_factor: z
    .number()
    .min(1)
    .max(1_000)
    .default(2)
    .describe('and with so many times what all but one of twenty hours of that week stayed below'),
  spike_errors: count(10, 'a group with fewer errors in an hour than this does not spike'),
  // As spike_errors: single errors are low findings, and open no ticket.
  medium_errors: count(
    10,
    'a new group with fewer errors than this is low, with as many it is medium',
  ),
  // Our choice: more than a release brings, and as many as a person reads in a list.
  flood_groups: count(
    20,
    'more small new groups of one type than this are told as one finding, a flood of different errors',
    1_000,
  ),
  // Three slots: the job runs each minute.
  late_minutes: time(15, 'errors have to be counted within this many minutes', 1_440),
  max_findings: maxFindings('groups'),
});
export type Config = z.infer<typeof config>;
