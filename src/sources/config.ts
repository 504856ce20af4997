/** The config of a source's bot: who sends, how it is proven, and how what it says is read. */
import { z } from 'zod';
import { secretNames } from '../contract/secret-names.ts';
import { kinds } from './kinds/index.ts';

const kindNames = kinds.map(({ name }) => name) as [string, ...string[]];

/** How old an event may be, in hours, unless the config says it. Delivery ids are remembered for longer (`data/sources/old-deliveries.ts`). */
export const defaultMaxAgeHours = 24;

const types = z.array(z.string().min(1).max(100)).max(100).default([]);

export const sourceConfig = z.strictObject({
  kind: z.enum(kindNames).default('plain').describe('what sends'),
  secrets: secretNames.describe(
    'names of stored secrets, each of which proves a delivery; without one every delivery is refused',
  ),
  silent_after_minutes: z
    .int()
    .min(1)
    .max(525_600)
    .optional()
    .describe('a source that has sent nothing for so long is a finding; without it none is'),
  rate_per_minute: z
    .int()
    .min(1)
    .max(600_000)
    .default(6_000)
    .describe('deliveries a minute that one listener takes; further ones get 429'),
  max_age_hours: z
    .int()
    .min(1)
    .max(168)
    .default(defaultMaxAgeHours)
    .describe('an event that is older when it arrives, as its sender says, is stored and not read'),
  flood_alarms: z
    .int()
    .min(1)
    .max(1_000)
    .default(50)
    .describe(
      'more different alarms than this within ten minutes are told as one finding, a flood, with one ticket',
    ),
  category: z.string().min(1).max(50).default('alarm').describe('the category of the findings'),
  severity: z
    .enum(['critical', 'high', 'medium', 'low', 'info'])
    .default('medium')
    .describe('the severity of alarms that name none'),
  firing: types.describe('standard-webhooks: the types of events that mean an alarm'),
  resolved: types.describe('standard-webhooks: the types of events that mean its end'),
  fields: z
    .partialRecord(
      z.enum(['key', 'severity', 'title', 'description', 'component', 'link']),
      z.string().min(1).max(200),
    )
    .default({})
    .describe('standard-webhooks: where each field is, such as {"key": "data.incident.id"}'),
});

export type SourceConfig = z.infer<typeof sourceConfig>;

/** The config of a row, without what every bot accepts; null where it does not fit. */
export function readSourceConfig(config: unknown): SourceConfig | null {
  const { depends_on: _, ...own } = (config ?? {}) as Record<string, unknown>;
  const read = sourceConfig.safeParse(own);
  return read.success ? read.data : null;
}
