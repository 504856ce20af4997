/** Looks for game sessions and visits that began long ago and were never ended. */
import { sql } from '../../src/bot.ts';
import type { CheckContext, CheckResult } from '../../src/bot.ts';
import { counted } from '../parts/in-words.ts';
import { hoursBefore } from '../parts/time.ts';
import type { Config } from './config.ts';

interface Kind {
  component: string;
  /** SQL of the rows that are open, with the time at which they began as `began`; an index has them in this order */
  open: ReturnType<typeof sql>;
  hours: number;
  /** in the plural, as the title begins */
  what: string;
  description: string;
}

async function findLeftOpen(
  { component, open, hours, what, description }: Kind,
  { min_open }: Config,
  { db, now, since }: CheckContext,
): Promise<CheckResult> {
  // A cure is responsible only for what was too old when it was applied, because others grow old after it.
  const before = hoursBefore(since ?? now, hours);
  const { rows } = await sql<{ left_open: number; oldest: Date | null }>`
    SELECT count(*)::int AS left_open, min(began) AS oldest FROM (${open}) o WHERE began < ${before}`.execute(
    db,
  );
  const { left_open: count, oldest } = rows[0]!;
  return {
    examined: [component],
    figures: [{ name: `${what.toLowerCase()} left open`, value: count }],
    findings:
      count < min_open
        ? []
        : [
            {
              severity: 'low',
              category: 'sessions',
              title: `${what} open for more than ${counted(hours, 'hour')}: ${count}`,
              description,
              component,
              metadata: { open: count, oldest: oldest?.toISOString() ?? null, hours },
            },
          ],
  };
}

export const findOpenGameSessions = (config: Config, context: CheckContext) =>
  findLeftOpen(
    {
      component: 'game_sessions',
      // A session with a duration, or a completed one, is over: an app wrote it without the time of its end.
      open: sql`SELECT started_at AS began FROM game_sessions
        WHERE ended_at IS NULL AND duration_seconds IS NULL AND completed IS NOT TRUE`,
      hours: config.open_game_hours,
      what: 'Game sessions',
      description: 'Their games did not record the end of these sessions.',
    },
    config,
    context,
  );

export const findOpenVisits = (config: Config, context: CheckContext) =>
  findLeftOpen(
    {
      component: 'space_visits',
      open: sql`SELECT entered_at AS began FROM space_visits WHERE exited_at IS NULL`,
      hours: config.open_visit_hours,
      what: 'Visits of spaces',
      description:
        'Each of them takes one place of its space, so that the space is full too early.',
    },
    config,
    context,
  );
