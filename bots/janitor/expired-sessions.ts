/** Looks for sessions that have expired and are still stored. */
import type { CheckContext, CheckResult } from '../../src/bot.ts';
import type { Config } from './config.ts';

export async function findExpiredSessions(
  { min_expired }: Config,
  { db, now, since }: CheckContext,
): Promise<CheckResult> {
  // A cure is responsible only for sessions that had expired when it was applied, because sessions go on expiring.
  const { expired, oldest } = await db
    .selectFrom('user_sessions')
    .select(({ fn }) => [fn.countAll<string>().as('expired'), fn.min('expires_at').as('oldest')])
    .where('expires_at', '<=', since ?? now)
    .executeTakeFirstOrThrow();
  const component = 'user_sessions';
  const found = Number(expired) >= min_expired;
  return {
    examined: [component],
    figures: [{ name: 'expired sessions', value: Number(expired) }],
    findings: found
      ? [
          {
            severity: 'medium',
            category: 'sessions',
            title: `Expired sessions are still stored: ${expired}`,
            component,
            metadata: { expired: Number(expired), oldest: oldest?.toISOString() },
          },
        ]
      : [],
  };
}
