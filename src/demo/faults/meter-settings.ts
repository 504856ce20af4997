/** Faults of the meter that are measured by what a person has set: budgets of providers, and a cap of runs. */
import { before, day, hour, minutesBefore } from '../time.ts';
import { plantBot, plantRuns } from './bot-rows.ts';
import { changeSettings } from './catalogue-bot.ts';
import type { Fault } from './fault.ts';
import { many } from '../many.ts';
import { plantUses } from './meter.ts';

/** Noon of each of the last seven whole days, the newest first. */
function lastDays(now: Date): Date[] {
  const today = Math.floor(now.getTime() / day) * day;
  return many(7, (n) => new Date(today - (n + 1) * day + 12 * hour));
}

/** How many days the month still has, and which of these times lie in it, all in UTC. */
function monthOf(now: Date, times: readonly Date[]): { daysLeft: number; within: number } {
  const [year, month] = [now.getUTCFullYear(), now.getUTCMonth()];
  return {
    daysLeft: (Date.UTC(year, month + 1, 1) - now.getTime()) / day,
    within: times.filter((time) => time.getTime() >= Date.UTC(year, month, 1)).length,
  };
}

export const meterSettingsFaults: Fault[] = [
  {
    name: 'meter.budget',
    title: 'A provider has cost more than its budget of the month',
    async plant(db, now) {
      await changeSettings(db, 'meter', { provider_month_cents: { 'fiction-over': 250 } });
      await plantUses(
        db,
        many(6, () => ({ provider: 'fiction-over', cost_cents: 50, created_at: now })),
      );
    },
    async lookalike(db, now) {
      // Two thirds of the budget; the same again was spent before the month began.
      await changeSettings(db, 'meter', { provider_month_cents: { 'fiction-within': 300 } });
      const uses = [now, before(now, 32 * day)].flatMap((created_at) =>
        many(4, () => ({ provider: 'fiction-within', cost_cents: 50, created_at })),
      );
      await plantUses(db, uses);
    },
  },
  {
    name: 'meter.pace',
    title: 'A provider costs so much each day that its budget ends before the month does',
    async plant(db, now) {
      const days = lastDays(now);
      const { daysLeft, within } = monthOf(now, days);
      await plantUses(
        db,
        days.map((created_at) => ({ provider: 'fiction-fast', cost_cents: 20, created_at })),
      );
      // Half of what the rest of the month costs. The first days of a month are judged, too, so that it is found on each day.
      await changeSettings(db, 'meter', {
        provider_month_cents: { 'fiction-fast': 20 * within + 10 * daysLeft },
        pace_from_day: 1,
      });
    },
    async lookalike(db, now) {
      // One expensive day, on which old uses were recorded at once.
      const days = lastDays(now);
      const { daysLeft, within } = monthOf(now, days);
      await plantUses(
        db,
        days.map((created_at, n) => ({
          provider: 'fiction-once',
          cost_cents: n === 3 ? 500 : 20,
          created_at,
        })),
      );
      await changeSettings(db, 'meter', {
        provider_month_cents: { 'fiction-once': 500 + 20 * within + 40 * daysLeft },
        pace_from_day: 1,
      });
    },
  },
  {
    name: 'meter.own-runs',
    title: 'Bots run more often in a day than the cap that is set',
    async plant(db, now) {
      await changeSettings(db, 'meter', { max_runs_a_day: 300 });
      const runs = many(400, (n) => ({
        trigger: 'schedule' as const,
        started_at: minutesBefore(now, 3 * n + 2),
        scheduled_for: minutesBefore(now, 3 * n + 2),
      }));
      await plantRuns(db, await plantBot(db, 'busy'), now, runs);
    },
    async lookalike(db, now) {
      // Slots that were skipped cost nothing.
      await changeSettings(db, 'meter', { max_runs_a_day: 300 });
      const slots = many(400, (n) => ({
        trigger: 'schedule' as const,
        started_at: minutesBefore(now, 3 * n + 2),
        scheduled_for: minutesBefore(now, 3 * n + 2),
        ...(n % 2 === 0 &&
          ({ status: 'skipped', reason: 'maintenance', checks_performed: 0 } as const)),
      }));
      await plantRuns(db, await plantBot(db, 'resting'), now, slots);
    },
  },
];
