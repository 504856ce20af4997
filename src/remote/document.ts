/** The body of a signed request: what a remote bot is asked. */
import { z } from 'zod';

export const requestDocument = z.strictObject({
  version: z.literal(1),
  run: z.strictObject({
    id: z.string().describe('the id of the run; the same in all of its attempts'),
    attempt: z.int().min(1),
    trigger: z
      .string()
      .describe('schedule, manual, backfill or verify; test from `roundsman bots verify`'),
    since: z.iso
      .datetime()
      .nullable()
      .describe('when the remedy was applied that this answer verifies; null otherwise'),
  }),
  bot: z.strictObject({
    name: z.string(),
    schedule: z.string().describe('`schedule_cron` of the bot'),
  }),
  slot: z.iso
    .datetime()
    .nullable()
    .describe('the time for which the run was planned; null where a person asked for it'),
  config: z.record(z.string(), z.unknown()).describe('`config` in the settings of the bot'),
  callback: z
    .strictObject({
      url: z.string().describe('where the report is sent, as one signed POST'),
      until: z.iso.datetime().describe('a report is taken until then at the latest'),
    })
    .optional()
    .describe('only in the contract async: who answers 202 reports there'),
});

export type RequestDocument = z.infer<typeof requestDocument>;
