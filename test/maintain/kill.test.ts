import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { backends, type Backend } from '../support/backends.ts';
import { aBot, catalogue, clean } from '../support/builders.ts';
import { anEngine } from '../support/engine.ts';
import { queuedRun, rowOf } from '../support/runs.ts';

const script = new URL('./slow-worker.ts', import.meta.url);

async function startWorker(databaseUrl: string, { redisUrl }: Backend, waitMs: number) {
  const child = fork(script, [databaseUrl, redisUrl ?? '', String(waitMs)]);
  onTestFinished(() => void child.kill('SIGKILL'));
  await waitForMessage(child, 'ready');
  return child;
}

async function waitForMessage(child: ChildProcess, word: string) {
  const signal = AbortSignal.timeout(15_000);
  for (;;) {
    const [message] = (await once(child, 'message', { signal })) as [unknown];
    if (message === word) return;
  }
}

test('a run whose worker is killed is finished once, by another worker, on both backends', async () => {
  await Promise.all(backends.map(killWorkerInRun));
});

async function killWorkerInRun(backend: Backend): Promise<void> {
  const engine = await anEngine(backend, catalogue([aBot('slow', async () => clean('disk'))]));
  // Records every change to a final status, whichever process makes it.
  await sql`CREATE TABLE engine.ends (id uuid, status text)`.execute(engine.db);
  await sql`CREATE FUNCTION engine.note_end() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO engine.ends VALUES (NEW.id, NEW.status); RETURN NULL; END $$`.execute(
    engine.db,
  );
  await sql`CREATE TRIGGER note_end AFTER UPDATE OF status ON bot_executions FOR EACH ROW
    WHEN (NEW.completed_at IS NOT NULL) EXECUTE FUNCTION engine.note_end()`.execute(engine.db);

  const first = await startWorker(engine.url, backend, 60_000);
  const id = await queuedRun(engine.db, 'slow', { generation: 0 });
  await waitForMessage(first, 'began');
  const { worker: name, fence } = await rowOf(engine.db, id);
  first.kill('SIGKILL');
  const began = performance.now();

  await startWorker(engine.url, backend, 0);
  await expect
    .poll(() => rowOf(engine.db, id), { timeout: 15_000 })
    .toMatchObject({ status: 'success', attempt: 2 });
  expect(performance.now() - began).toBeLessThan(13_000);
  const row = await rowOf(engine.db, id);
  expect(row.worker).not.toBe(name);
  expect(Number(row.fence)).toBeGreaterThan(Number(fence));
  expect((await sql`SELECT * FROM engine.ends`.execute(engine.db)).rows).toEqual([
    { id, status: 'success' },
  ]);
  const findings = await engine.db.selectFrom('bot_findings').select('occurrences').execute();
  expect(findings).toEqual([{ occurrences: 1 }]);
  const bot = await engine.db.selectFrom('bots').selectAll().executeTakeFirstOrThrow();
  expect(bot).toMatchObject({ total_runs: 1, successful_runs: 1, failed_runs: 0 });
}
