/** The settings of the surveyor. */
import { z } from '../../src/bot.ts';
import { maxFindings } from '../parts/settings.ts';

export const config = z.strictObject({
  ignored_parts: z
    .array(z.string())
    .max(1_000)
    .default([])
    .describe(
      'parts that may differ, named as `part` in the metadata of a finding: index bots.idx_bots_status',
    ),
  max_findings: maxFindings('differences'),
});
export type Config = z.infer<typeof config>;
