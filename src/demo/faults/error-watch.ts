import type { Db } from '../../database/connect.ts';
import { hour } from '../time.ts';
import type { Fault } from './fault.ts';
import { nextName } from './ids.ts';
import { plantErrors } from '../plant-errors.ts';

const stack = (file: string) =>
  `Error: it failed\n    at handle (/srv/platform/src/${file}.ts:42:7)\n    at node:internal/process/task_queues:103:5`;

const errorsAt = (type: string, message: string, times: readonly Date[], release = '2026.48.1') =>
  times.map((at, n) => ({
    error_type: type,
    error_message: message.replace('#', String(1_000 + n)),
    stack_trace: stack('checkout'),
    release,
    at,
  }));

/** `count` moments at equal distances, from `from` hours ago to `until` hours ago. */
const evenly = (now: Date, count: number, from: number, until: number): Date[] =>
  Array.from(
    { length: count },
    (_, n) => new Date(now.getTime() - (until + ((from - until) * (count - n)) / count) * hour),
  );

/** The moments of an error that occurred twice an hour for five days, until two hours ago. */
const usualMoments = (now: Date) => evenly(now, 240, 122, 2);

/** Adds a finding about this group that a person has resolved. */
async function addResolvedFinding(db: Db, now: Date, group: string): Promise<void> {
  const bot = await db
    .insertInto('bots')
    .values({
      name: nextName(),
      display_name: 'Error watch of the past',
      schedule_cron: '*/5 * * * *',
      api_endpoint: 'bot:error-watch',
      status: 'disabled',
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  await db
    .insertInto('bot_findings')
    .values({
      bot_id: bot.id,
      severity: 'medium',
      category: 'errors',
      title: `New error in group ${group}`,
      check_name: 'error-groups',
      component_key: group,
      fingerprint: `planted-${group}`,
      metadata: JSON.stringify({ kind: 'new', group }),
      detected_at: new Date(now.getTime() - 100 * hour),
      resolved_at: new Date(now.getTime() - 90 * hour),
      resolution_method: 'manual',
    })
    .execute();
}

const groupOf = async (db: Db, error_type: string): Promise<string> =>
  (
    await db
      .selectFrom('engine.error_groups')
      .select('id')
      .where('error_type', '=', error_type)
      .executeTakeFirstOrThrow()
  ).id;

/** The job has counted all errors of the time before, an hour ago, and has not run since. */
const stopCounting = (db: Db, now: Date) =>
  db
    .updateTable('engine.error_cursor')
    .set({ caught_up_at: new Date(now.getTime() - hour) })
    .execute();

export const errorWatchFaults: Fault[] = [
  {
    name: 'error-watch.error-groups.new',
    title: 'A new kind of error has occurred for half an hour',
    plant: (db, now) =>
      plantErrors(
        db,
        errorsAt(
          'checkout.pricing',
          'Order # could not be priced: no tax rate',
          evenly(now, 12, 0.5, 0.02),
        ),
      ),
    // An error that has been known for days, and occurs as often as ever.
    lookalike: (db, now) =>
      plantErrors(
        db,
        errorsAt('profiles.avatar', 'Avatar # has no picture', evenly(now, 250, 122, 0.02)),
      ),
  },
  {
    name: 'error-watch.error-groups.spiking',
    title: 'A known error occurred sixty times in an hour, and twice an hour before that',
    async plant(db, now) {
      const type = 'payments.timeout';
      const message = 'Request # to the payment provider timed out';
      await plantErrors(
        db,
        errorsAt(type, message, [...usualMoments(now), ...evenly(now, 60, 0.7, 0.02)]),
      );
    },
    async lookalike(db, now) {
      const type = 'mail.returned';
      const message = 'Mail # was returned';
      await plantErrors(
        db,
        errorsAt(type, message, [...usualMoments(now), ...evenly(now, 8, 0.7, 0.02)]),
      );
    },
  },
  {
    name: 'error-watch.error-groups.back',
    title: 'An error that was resolved has occurred again',
    async plant(db, now) {
      const type = 'invoices.address';
      const message = 'Invoice # has no address';
      const early = evenly(now, 20, 120, 100);
      await plantErrors(
        db,
        errorsAt(type, message, [...early, ...evenly(now, 2, 0.4, 0.02)], '2026.48.2'),
      );
      await addResolvedFinding(db, now, await groupOf(db, type));
    },
    async lookalike(db, now) {
      const type = 'games.badges';
      await plantErrors(db, errorsAt(type, 'Badge # was given twice', evenly(now, 20, 120, 100)));
      await addResolvedFinding(db, now, await groupOf(db, type));
    },
  },
  {
    name: 'error-watch.error-groups.flood',
    title: 'Each error of a type has another message',
    plant: (db, now) =>
      plantErrors(
        db,
        evenly(now, 60, 0.5, 0.02).map((at, n) => ({
          error_type: 'search.query',
          error_message: `${letters(n)} ${letters(n * 7 + 3)} ${letters(n * 13 + 5)}`,
          at,
        })),
      ),
    // Each of these has another message, too. They differ in a number alone, and have been known for days.
    lookalike: (db, now) =>
      plantErrors(
        db,
        errorsAt('search.slow', 'Search # took too long', evenly(now, 250, 122, 0.02)),
      ),
  },
  {
    name: 'error-watch.counting',
    title: 'Errors have not been counted for an hour',
    async plant(db, now) {
      await stopCounting(db, now);
      await db
        .insertInto('error_logs')
        .values({
          error_type: 'app.uncounted',
          error_message: 'This error waits to be counted',
          created_at: new Date(now.getTime() - 0.8 * hour),
        })
        .execute();
    },
    // No error has come since.
    async lookalike(db, now) {
      await stopCounting(db, now);
    },
  },
];

/** A different word for each number, without digits, because the job that groups errors masks numbers. */
const letters = (n: number): string =>
  [...String(n)].map((digit) => 'aeioubdfgk'[Number(digit)]).join('');
