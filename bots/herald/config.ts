/** The settings of the herald. */
import { z } from '../../src/bot.ts';
import { amount, count, percent, time } from '../parts/settings.ts';

export const config = z.strictObject({
  // The response target of critical tickets: when twice as long has passed, the escalation policy has acted, too.
  late_minutes: amount(
    15,
    'how many minutes past its response target a ticket may be before that is a finding',
  ),
  // The response target of high tickets.
  unassigned_minutes: amount(30, 'how many minutes a ticket may be open without being assigned'),
  unassigned_from: z
    .enum(['critical', 'high', 'medium', 'low', 'info'])
    // The default escalation names a person for critical, high and medium tickets, and none for the others.
    .default('medium')
    .describe('the lowest severity of the tickets that have to be assigned'),
  // Longer than the first two delays of a retry together (5 s and 5 min).
  waiting_minutes: amount(15, 'how many minutes a message may be due without being sent'),
  // The third try is the last one within 10 minutes; the next delays are 30 minutes to 10 hours.
  waiting_tries: count(3, 'a pending message that was tried at least this often is a finding'),
  // A day contains a message also of a channel that only sends the morning report.
  failed_hours: time(24, 'over how many hours failed messages are counted', 720),
  // A message that failed is not tried again: each one is lost until a person sends it again.
  min_failed: count(1, 'a channel with fewer failed messages than this is no finding'),
  // Our choice: a channel that loses every second message is no way to tell people.
  high_failed_percent: percent(
    50,
    'a finding about a channel is high if at least this share of its messages failed, else medium',
  ),
  // A day contains the next morning.
  ending_hours: amount(
    24,
    'a silence that hides open findings is reported this many hours before its end; one that was made for less than twice as long is not',
  ),
  // A working day: by then the person who silenced the problem has mended it, or says why not.
  hidden_hours: amount(
    8,
    'how many hours a silence may hide a critical finding that its owner knew',
  ),
});
export type Config = z.infer<typeof config>;
