/** Looks for data that should have been deleted. */
import { defineBot, z } from '../src/bot.ts';
import type { CheckContext, CheckResult } from '../src/bot.ts';

const config = z.strictObject({
  min_expired: z.int().min(1).default(1).describe('fewer expired sessions are no finding'),
});

async function findExpiredSessions(
  { min_expired }: z.infer<typeof config>,
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

export const janitor = defineBot({
  name: 'janitor',
  displayName: 'Janitor',
  description: 'Looks for expired sessions that were not removed.',
  schedule: '15 3 * * *',
  needs: ['user_sessions'],
  config,
  checks: [
    {
      name: 'expired-sessions',
      title: 'Are expired sessions gone?',
      accruing: true,
      run: findExpiredSessions,
    },
  ],
  knowledge: [
    {
      name: 'session.expired',
      category: 'sessions',
      // Anchored: titles also contain requested paths, which may contain any words.
      pattern: '^expired sessions are still stored',
      solution: 'steps:\n  - remedy: session.expire\n',
      autonomy: 'auto',
    },
  ],
});
