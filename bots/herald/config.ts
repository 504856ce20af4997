/** The settings of the herald. */
import { z } from '../../src/bot.ts';

export const config = z.strictObject({
  late_minutes: z
    .number()
    .min(0)
    .max(52_560_000)
    // The response target of critical tickets: where that passes twice, the policy has had its time, too.
    .default(15)
    .describe('how many minutes past its response target a ticket may be before that is a finding'),
  unassigned_minutes: z
    .number()
    .min(0)
    .max(52_560_000)
    // The response target of high tickets.
    .default(30)
    .describe('how many minutes a ticket may be open while no person has it'),
  unassigned_from: z
    .enum(['critical', 'high', 'medium', 'low', 'info'])
    // The default escalation names a person for critical, high and medium tickets, and none for the others.
    .default('medium')
    .describe('the lowest severity of the tickets that have to be assigned'),
  waiting_minutes: z
    .number()
    .min(0)
    .max(52_560_000)
    // Longer than the first two delays of a retry together (5 s and 5 min).
    .default(15)
    .describe('how many minutes a message may be due without being sent'),
  waiting_tries: z
    .int()
    .min(1)
    .max(2_147_483_647)
    // The third try is the last one within 10 minutes; the next delays are 30 minutes to 10 hours.
    .default(3)
    .describe('after so many tries a message that waits for the next one is a finding'),
  failed_hours: z
    .number()
    .positive()
    .max(720)
    .default(24)
    .describe('how many hours of messages are counted for failed ones'),
  min_failed: z
    .int()
    .min(1)
    .max(2_147_483_647)
    .default(1)
    .describe('fewer failed messages of a channel are no finding'),
  high_failed_percent: z
    .number()
    .min(0)
    .max(100)
    .default(50)
    .describe(
      'from this share of failed messages on a channel is a high finding, else a medium one',
    ),
  ending_hours: z
    .number()
    .min(0)
    .max(876_000)
    // The morning of the next day is within it.
    .default(24)
    .describe(
      'in how many hours a silence that hides open findings has to end to be told; one made for less than twice as long is not told',
    ),
  hidden_hours: z
    .number()
    .min(0)
    .max(876_000)
    // A working day: who works on a problem and silences it is done or says so.
    .default(8)
    .describe('how many hours a silence may hide a critical finding that its owner knew'),
});
export type HeraldConfig = z.infer<typeof config>;
