/** The soak in small: simulated days pass through the engine's own code, and what is judged to grow does. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { problemAt } from './bots.ts';
import { drawSoak } from './draw.ts';
import { judge } from './judge.ts';
import { summaryOf } from './summary.ts';
import { soak } from './year.ts';

test('six simulated days: every slot has its run, problems are healed or escalated, jobs succeed, and what is older than three days goes', async () => {
  let seen: Record<string, number> = {};
  const result = await soak({
    schedules: 'small',
    days: 6,
    keepDays: 3,
    jobsEachHours: 24,
    async onDay(_day, { db }) {
      const { rows } = await sql<Record<string, number>>`
        SELECT (SELECT count(*)::int FROM bot_executions) AS runs,
               (SELECT sum(total_runs)::int FROM bots) AS counted,
               (SELECT count(*)::int FROM bot_executions WHERE status NOT IN ('success', 'failed')) AS unended,
               (SELECT count(*)::int FROM bot_findings) AS findings,
               (SELECT count(*)::int FROM bot_actions WHERE state IN ('verified', 'held')) AS cured,
               (SELECT count(*)::int FROM bot_ticket_events WHERE routed_at IS NULL AND unsent_reason IS NULL) AS untold,
               (SELECT count(*)::int FROM engine.job_runs WHERE status NOT IN ('success', 'skipped')) AS bad_jobs,
               (SELECT count(*)::int FROM api_logs) AS requests,
               (SELECT sum(events)::int FROM engine.rollups WHERE kind = 'endpoint' AND period = 'day') AS added_up`.execute(
        db,
      );
      seen = rows[0]!;
    },
  });
  // Twelve bots, each every three hours.
  expect(seen).toMatchObject({ counted: 6 * 96, unended: 0, untold: 0, bad_jobs: 0 });
  // Three days and what of the fourth was left by the last night, and runs of findings that are still needed.
  expect(seen.runs).toBeGreaterThanOrEqual(3 * 96);
  expect(seen.runs).toBeLessThan(5 * 96);
  expect(seen.requests).toBeLessThan(5 * 2_400);
  // What went is in the figures.
  expect(seen.added_up).toBeGreaterThanOrEqual(5 * 2_400);
  expect(seen.findings).toBeGreaterThan(10);
  expect(seen.cured).toBeGreaterThan(3);

  const { days } = summaryOf(result, { command: 'c', horizon: 0, seconds: 1 });
  expect(days.filter(({ bytes }) => bytes > 1_000_000)).toHaveLength(6);
  const drawn = drawSoak(result);
  expect(drawn).toContain('6 simulated days, ');
  expect(drawn).not.toContain('NaN');
}, 300_000);

test('a series that goes on growing after the horizon is called growing, and one that only was filled before is not', () => {
  const growing = Array.from({ length: 40 }, (_, day) => 2e6 + day * 2e5);
  const filled = growing.map((value, day) => (day < 20 ? value : 6e6 + (day % 3) * 1e4));
  expect(judge('t', growing, 20)).toMatchObject({ grows: true });
  expect(judge('t', filled, 20)).toMatchObject({ grows: false });
  expect(judge('t', filled, 0)).toMatchObject({ grows: true });
  expect(judge('t', growing, 35)).toBeNull();
});

test('problems come and go by the clock alone', () => {
  const at = (minutes: number) =>
    problemAt({ bot: 1, of: 14, minutes: 5 }, new Date(Date.UTC(2026, 0, 1) + minutes * 60_000));
  const day = Array.from({ length: 1440 / 5 }, (_, slot) => at(slot * 5));
  const problems = new Set(day.filter((n) => n !== null));
  expect(problems.size).toBeGreaterThanOrEqual(3);
  expect(day.filter((n) => n === null).length).toBeGreaterThan(250);
  expect(day).toEqual(Array.from({ length: 1440 / 5 }, (_, slot) => at(slot * 5)));
});
