/** The config of a remote bot: how its address is called. */
import { z } from 'zod';
import { secretNames } from '../contract/secret-names.ts';

export const remoteConfig = z.strictObject({
  contract: z
    .enum(['signed', 'cron', 'async'])
    .default('signed')
    .describe(
      'signed: a signed POST; cron: a GET as hosted crons send it; async: a signed POST that may be answered by a report later',
    ),
  secrets: secretNames.describe(
    'names of stored secrets; signed and async sign with each of them, cron sends the first; without one the bot is not called',
  ),
  timeout_seconds: z
    .int()
    .min(1)
    .max(3_600)
    .optional()
    .describe(
      'seconds until the last byte of the answer; nine tenths of the timeout of its bot, with async 30 at most',
    ),
  category: z
    .string()
    .min(1)
    .max(50)
    .default('remote')
    .describe('the category of findings that name none'),
  severity: z
    .enum(['critical', 'high', 'medium', 'low', 'info'])
    .default('medium')
    .describe('the severity of findings that name none'),
  config: z
    .record(z.string(), z.unknown())
    .default({})
    .describe('sent along as it is, in `config` of the request'),
});

export type RemoteConfig = z.infer<typeof remoteConfig>;

/** The names of the secrets in the config of a row, which may be anything. */
export function secretNamesIn(config: unknown): string[] {
  const { depends_on: _, ...own } = (config ?? {}) as Record<string, unknown>;
  const read = remoteConfig.safeParse(own);
  return read.success ? read.data.secrets : [];
}
