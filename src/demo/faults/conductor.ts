import { before, day, hour, minute, minutesBefore } from '../time.ts';
import { plantBot, plantRuns } from './bot-rows.ts';
import {
  active,
  failed,
  metadataOf,
  plantEntry,
  plantHeal,
  plantScore,
  plantWorker,
} from './conductor-rows.ts';
import type { Fault } from './fault.ts';
import { many } from '../many.ts';

export const conductorFaults: Fault[] = [
  {
    name: 'conductor.overdue',
    title: 'A bot should have run an hour ago, and no scheduler has claimed it',
    async plant(db, now) {
      const next_execution_at = before(now, hour);
      await plantBot(db, 'late', { ...active, next_execution_at });
    },
    async lookalike(db, now) {
      await plantBot(db, 'fresh', { ...active, next_execution_at: minutesBefore(now, 1) });
    },
  },
  {
    name: 'conductor.stuck',
    title: 'A run that should take a minute has hung for an hour in a living worker',
    async plant(db, now) {
      await plantRuns(db, await plantBot(db, 'stuck'), now, [
        {
          status: 'running',
          started_at: before(now, hour),
          lease_until: before(now, -day),
        },
      ]);
    },
    async lookalike(db, now) {
      const started_at = before(now, hour);
      const long = await plantBot(db, 'long', { timeout_seconds: 7_200 });
      await plantRuns(db, long, now, [{ status: 'running', started_at }]);
    },
  },
  {
    name: 'conductor.success-rate',
    title: 'Half of the runs of a bot fail',
    async plant(db, now) {
      const runs = many(20, (n) => ({
        started_at: minutesBefore(now, n + 1),
        ...(n % 2 === 0 && failed),
      }));
      await plantRuns(db, await plantBot(db, 'failing'), now, runs);
    },
    async lookalike(db, now) {
      // So few runs say nothing about a bot.
      const runs = many(6, (n) => ({
        started_at: minutesBefore(now, n + 1),
        ...(n % 2 === 0 && failed),
      }));
      await plantRuns(db, await plantBot(db, 'rare'), now, runs);
    },
  },
  {
    name: 'conductor.no-checks',
    title: 'Every check of a bot is skipped',
    async plant(db, now) {
      const run = { ...failed, checks_performed: 0, reason: 'no checks performed' };
      const runs = many(3, (n) => ({ ...run, started_at: minutesBefore(now, n + 1) }));
      await plantRuns(db, await plantBot(db, 'idle'), now, runs);
    },
    async lookalike(db, now) {
      // A run that was skipped performs nothing.
      const bot = await plantBot(db, 'sound');
      await plantRuns(db, bot, now, [
        { started_at: minutesBefore(now, 10) },
        {
          status: 'skipped',
          reason: 'overlap',
          checks_performed: 0,
          trigger: 'schedule',
          scheduled_for: minutesBefore(now, 5),
        },
      ]);
    },
  },
  {
    name: 'conductor.empty-runs',
    title: 'The runs of a bot succeed, and its checks have examined nothing for a day',
    async plant(db, now) {
      const runs = many(10, (n) => ({
        started_at: before(now, 2 * n * hour + minute),
        metadata: metadataOf(0),
      }));
      const earlier = { started_at: before(now, 30 * hour), metadata: metadataOf(7) };
      await plantRuns(db, await plantBot(db, 'empty', active), now, [...runs, earlier]);
    },
    async lookalike(db, now) {
      // A quiet night: by day there was something to look at.
      const runs = many(10, (n) => ({
        started_at: before(now, 2 * n * hour + minute),
        metadata: metadataOf(n < 8 ? 0 : 7),
      }));
      await plantRuns(db, await plantBot(db, 'quiet', active), now, runs);
    },
  },
  {
    name: 'conductor.late-starts',
    title: 'Runs begin two minutes after they were queued, although the workers have room',
    async plant(db, now) {
      await plantWorker(db, now);
      const runs = many(10, (n) => ({
        started_at: minutesBefore(now, 20 * n + 1),
        queued_at: minutesBefore(now, 20 * n + 3),
      }));
      await plantRuns(db, await plantBot(db, 'late'), now, runs);
    },
    async lookalike(db, now) {
      await plantWorker(db, now);
      // Each run waits until the one before it has ended, because the overlap of its bot is `queue`.
      const runs = many(10, (n) => ({
        started_at: minutesBefore(now, 20 * n + 21),
        completed_at: minutesBefore(now, 20 * n + 1),
        queued_at: minutesBefore(now, 20 * n + 26),
      })).slice(0, -1);
      const bot = await plantBot(db, 'one-by-one', { overlap: 'queue' });
      await plantRuns(db, bot, now, [
        ...runs,
        { started_at: minutesBefore(now, 220), completed_at: minutesBefore(now, 201) },
      ]);
    },
  },
  {
    name: 'conductor.skipped-slots',
    title: 'Every second slot of a bot is skipped, because it is still running',
    async plant(db, now) {
      const slots = many(20, (n) => ({
        trigger: 'schedule' as const,
        started_at: minutesBefore(now, 5 * n + 1),
        scheduled_for: minutesBefore(now, 5 * n + 1),
        ...(n % 2 === 0 &&
          ({ status: 'skipped', reason: 'overlap', checks_performed: 0 } as const)),
      }));
      await plantRuns(db, await plantBot(db, 'slow'), now, slots);
    },
    async lookalike(db, now) {
      const slots = many(20, (n) => ({
        trigger: 'schedule' as const,
        started_at: minutesBefore(now, 5 * n + 1),
        scheduled_for: minutesBefore(now, 5 * n + 1),
        ...(n % 2 === 0 &&
          ({ status: 'skipped', reason: 'maintenance', checks_performed: 0 } as const)),
      }));
      await plantRuns(db, await plantBot(db, 'maintained'), now, slots);
    },
  },
  {
    name: 'conductor.queue',
    title: 'A hundred and fifty runs have waited ten minutes for a worker',
    async plant(db, now) {
      const queued_at = minutesBefore(now, 10);
      const runs = many(150, () => ({ status: 'queued' as const, queued_at }));
      await plantRuns(db, await plantBot(db, 'waiting'), now, runs);
    },
    async lookalike(db, now) {
      // A person fills slots of the past.
      const queued_at = minutesBefore(now, 10);
      const runs = many(150, (n) => ({
        status: 'queued' as const,
        queued_at,
        trigger: 'backfill' as const,
        scheduled_for: minutesBefore(now, 10_000 + n),
      }));
      await plantRuns(db, await plantBot(db, 'filled'), now, runs);
    },
  },
  {
    name: 'conductor.last-run',
    title: 'The run of a nightly bot failed, and the next one is tomorrow',
    async plant(db, now) {
      const next_execution_at = before(now, -20 * hour);
      const bot = await plantBot(db, 'nightly', { ...active, next_execution_at });
      await plantRuns(db, bot, now, [
        { ...failed, started_at: before(now, 4 * hour) },
        { started_at: before(now, 28 * hour) },
      ]);
    },
    async lookalike(db, now) {
      const soon = { ...active, next_execution_at: minutesBefore(now, -5) };
      await plantRuns(db, await plantBot(db, 'often', soon), now, [failed]);
      const tomorrow = { ...active, next_execution_at: before(now, -20 * hour) };
      // Another run of it is queued already.
      await plantRuns(db, await plantBot(db, 'again', tomorrow), now, [
        failed,
        { status: 'queued' },
      ]);
    },
  },
  {
    name: 'conductor.flapping',
    title: 'Every second run of a bot fails',
    async plant(db, now) {
      const runs = many(21, (n) => ({
        started_at: minutesBefore(now, n + 1),
        ...(n % 2 === 0 && failed),
      }));
      await plantRuns(db, await plantBot(db, 'flapping', active), now, runs);
    },
    async lookalike(db, now) {
      // It failed for a while, and has been mended.
      const runs = many(21, (n) => ({
        started_at: minutesBefore(now, n + 1),
        ...(n > 9 && failed),
      }));
      await plantRuns(db, await plantBot(db, 'mended', active), now, runs);
    },
  },
  {
    name: 'conductor.health-score',
    title: 'Less than half of the slots of a bot ended as success yesterday',
    plant: (db, now) => plantScore(db, now, 'unwell', 42),
    lookalike: (db, now) => plantScore(db, now, 'well', 90),
  },
  {
    name: 'conductor.out-of-service',
    title: 'A bot was paused three weeks ago and forgotten',
    async plant(db, now) {
      const status_changed_at = before(now, 21 * day);
      await plantBot(db, 'forgotten', { status: 'paused', status_changed_at });
    },
    async lookalike(db, now) {
      const status_changed_at = before(now, day);
      await plantBot(db, 'resting', { status: 'paused', status_changed_at });
    },
  },
  {
    name: 'conductor.healing-loops',
    title: 'An entry of knowledge heals one component every 23 minutes, and its problem comes back',
    async plant(db, now) {
      const bot = await plantBot(db, 'watch');
      const entry = await plantEntry(db);
      for (let n = 0; n < 10; n += 1)
        await plantHeal(db, now, { bot, entry, component: 'tunnel-a', minutes: 30 + 23 * n });
    },
    async lookalike(db, now) {
      // Many components, each healed twice in a day.
      const bot = await plantBot(db, 'calm');
      const entry = await plantEntry(db);
      for (let n = 0; n < 14; n += 1)
        await plantHeal(db, now, {
          bot,
          entry,
          component: `tunnel-${n % 7}`,
          minutes: 30 + 90 * n,
        });
    },
  },
];
