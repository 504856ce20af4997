import { setImmediate } from 'node:timers/promises';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { cancelRun } from '../../src/transitions/runs/cancel.ts';
import { backfill } from '../../src/schedule/backfill.ts';
import { backends } from '../support/backends.ts';
import { aBot, catalogue, clean } from '../support/builders.ts';
import { makeDue } from '../support/runs.ts';
import { startFlow, type Flow } from '../support/engine.ts';

const statuses = async ({ db }: Flow) => {
  const { rows } = await sql<{ status: string }>`
    SELECT status || ' ' || count(*) AS status FROM bot_executions WHERE trigger = 'backfill'
    GROUP BY status ORDER BY status`.execute(db);
  return rows.map(({ status }) => status);
};

/** A bot that never comes due by itself, and how many of its runs there were at once at most. */
function counting(body: () => Promise<unknown> = setImmediate) {
  const seen = { now: 0, most: 0, all: 0 };
  const bot = aBot('watch', async () => {
    seen.most = Math.max(seen.most, ++seen.now);
    seen.all++;
    await body();
    seen.now--;
    return clean('x');
  });
  return { seen, known: catalogue([bot]) };
}

async function fill({ db }: Flow, values: object, since: string, until: string) {
  const { id } = await db
    .updateTable('bots')
    .set(values)
    .where('name', '=', 'watch')
    .returning('id')
    .executeTakeFirstOrThrow();
  const stretch = { since: new Date(since), until: new Date(until) };
  await backfill(db, id, { ...stretch, limit: 100, dryRun: false });
}

describe.each(backends)('on $name', (backend) => {
  test('thirty slots wait for each other, and all of them run once', async () => {
    const { seen, known } = counting();
    const flow = await startFlow(backend, known, { concurrency: 8 });
    await fill(flow, { schedule_cron: '0 0 * 1 *' }, '2026-01-01', '2026-01-31');
    await expect.poll(() => statuses(flow), { timeout: 25_000 }).toEqual(['success 30']);
    expect(seen).toEqual({ now: 0, most: 1, all: 30 });
  });

  test('concurrency is what the bot says, and its own slot is not skipped meanwhile', async () => {
    const gate = Promise.withResolvers<void>();
    const { seen, known } = counting(() => gate.promise);
    const flow = await startFlow(backend, known, { concurrency: 8 });
    const twice = { schedule_cron: '0 0 * 1 *', concurrency: 2 };
    await fill(flow, twice, '2026-01-01', '2026-01-11');
    await expect.poll(() => seen.now, { timeout: 10_000 }).toBe(2);
    await expect
      .poll(async () => {
        await makeDue(flow.db, 'watch');
        const { rows } = await sql<{ status: string }>`
          SELECT status FROM bot_executions WHERE trigger = 'schedule'`.execute(flow.db);
        return rows.map(({ status }) => status);
      })
      .toContain('queued');
    gate.resolve();
    await expect.poll(() => statuses(flow), { timeout: 15_000 }).toEqual(['success 10']);
    expect(seen.most).toBe(2);
  });

  test('a run that is cancelled while it waits never starts, the others do', async () => {
    const gate = Promise.withResolvers<void>();
    const { seen, known } = counting(() => gate.promise);
    const flow = await startFlow(backend, known, { concurrency: 4 });
    await fill(flow, { schedule_cron: '0 0 * 1 *' }, '2026-01-01', '2026-01-04');
    await expect.poll(() => seen.now, { timeout: 10_000 }).toBe(1);
    const waiting = await flow.db
      .selectFrom('bot_executions')
      .select('id')
      .where('status', '=', 'queued')
      .executeTakeFirstOrThrow();
    await cancelRun(flow.db, waiting.id, null);
    gate.resolve();
    await expect
      .poll(() => statuses(flow), { timeout: 15_000 })
      .toEqual(['cancelled 1', 'success 2']);
    expect(seen.all).toBe(2);
  });
});
