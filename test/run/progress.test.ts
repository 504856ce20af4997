/** What a check says of how far it is, while it is under way. */
import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import type { CheckContext } from '../../src/bot.ts';
import { storeSealed } from '../../src/data/secrets/rows.ts';
import { readKeyRing } from '../../src/ground/secrets/key-ring.ts';
import { readProgress } from '../../src/run/tasks/progress.ts';
import { showRun } from '../../src/services/runs/show.ts';
import { readLive } from '../../src/services/status/live.ts';
import { aBot, catalogue, clean } from '../support/builders.ts';
import { engineWithChildren } from '../support/children.ts';
import { anEngine } from '../support/engine.ts';
import { run } from '../support/runs.ts';
import { bots, remedies } from './telling-bots.ts';

const value = 'q8Zt4Lr9Xv2Bn7Mw';

/** An engine with a bot whose check does this, with the secret KEY. */
async function telling(during: (context: CheckContext) => Promise<void>) {
  const check = async (_: unknown, context: CheckContext) => {
    await during(context);
    return clean('disk');
  };
  const bot = { ...aBot('watch', { 'is-well': check }), secrets: ['KEY'] };
  const keys = readKeyRing(`k1:${randomBytes(32).toString('base64')}`);
  const engine = await anEngine({ name: 'postgres' }, catalogue([bot]), {
    sources: { keys, variable: () => undefined },
  });
  await storeSealed(engine.db, keys, { name: 'KEY', value, actor: 'ann' });
  const running = async () => {
    const { id } = await engine.db
      .selectFrom('bot_executions')
      .select('id')
      .where('status', '=', 'running')
      .executeTakeFirstOrThrow();
    return showRun(engine.db, { run: id });
  };
  return { engine, running, round: () => run(engine, 'watch', { max_attempts: 1 }) };
}

test('while it is under way people see it, without secrets; afterwards it is gone', async () => {
  const seen: unknown[] = [];
  const { engine, running, round } = await telling(async ({ progress, secret }) => {
    progress(0.405, `12 of 30 users, with ${secret('KEY')}`);
    await expect.poll(async () => (await running()).progress).not.toBeNull();
    seen.push((await running()).progress, (await readLive(engine.db, 5, 5)).bots[0]!.share);
  });
  const { id } = await round();
  expect(seen).toEqual([
    {
      check_name: 'is-well',
      share: 0.405,
      sentence: '12 of 30 users, with {{secret:KEY}}',
      told_at: expect.any(Date),
    },
    0.405,
  ]);
  expect((await showRun(engine.db, { run: id })).progress).toBeNull();
  expect((await readLive(engine.db, 5, 5)).bots[0]!.share).toBeNull();
});

test('the newest word counts, and a check may say it in a loop', async () => {
  const { running, round } = await telling(async ({ progress }) => {
    for (let at = 0; at < 100_000; at += 1) progress(at / 100_000);
    await expect
      .poll(
        async () => {
          progress(0.9, 'nearly');
          return (await running()).progress?.share;
        },
        { interval: 250 },
      )
      .toBe(0.9);
  });
  expect(await round()).toMatchObject({ status: 'success' });
});

test('a run that was taken over does not write over the progress of the next start', async () => {
  const { engine, running, round } = await telling(async ({ progress }) => {
    progress(0.5);
    await expect.poll(async () => (await running()).progress?.share).toBe(0.5);
    await sql`UPDATE engine.run_progress SET fence = fence + 1, share = 0.7`.execute(engine.db);
    progress(0.6);
    await expect.poll(async () => (await running()).progress).toBeNull();
  });
  await round();
  const { rows } = await sql`SELECT share FROM engine.run_progress`.execute(engine.db);
  expect(rows).toEqual([{ share: 0.7 }]);
});

test('a child tells its worker', async () => {
  const engine = await engineWithChildren(new URL('./telling-bots.ts', import.meta.url), {
    bots,
    remedies,
  });
  expect(await run(engine, 'tells-how-far', { max_attempts: 1 })).toMatchObject({
    status: 'success',
  });
});

test.each<[unknown, unknown]>([
  [
    { share: 2, sentence: null },
    { share: 1, sentence: null },
  ],
  [
    { share: -1, sentence: 'x'.repeat(300) },
    { share: 0, sentence: `${'x'.repeat(199)}…` },
  ],
  [{ share: NaN, sentence: null }, null],
  [{ share: Infinity, sentence: null }, null],
  [{ share: '1' }, null],
  [null, null],
])('%j is read as %j', (told, progress) => {
  expect(readProgress(told)).toEqual(progress);
});
