/** Real children, killed between an effect and its record. A real HTTP server counts the effects. */
import { text } from 'node:stream/consumers';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { attempt, nothingHeldOut, queuedRun, rowOf, run } from '../support/runs.ts';
import { bots, remedies } from './outside-bots.ts';
import { serveHttp } from '../support/http-server.ts';
import { engineWithChildren } from '../support/children.ts';

const kills = 3;

async function scene() {
  const module = new URL('./outside-bots.ts', import.meta.url);
  const engine = await engineWithChildren(module, { bots, remedies }, { size: 2 });
  await nothingHeldOut(engine.db);

  let requests = 0;
  let onDone: (pid: number) => void = () => {};
  const { url } = await serveHttp(async (incoming, answer) => {
    const body = await text(incoming);
    if (incoming.url === '/done') return onDone(Number(body));
    if (incoming.method === 'POST') requests += 1;
    answer.writeHead(requests > 0 ? 200 : 404).end();
  });

  await sql`CREATE TABLE engine.effects (id serial, remedy text)`.execute(engine.db);
  await sql`GRANT SELECT ON engine.effects TO roundsman_reader`.execute(engine.db);
  const tell = (breaks: boolean) =>
    sql`INSERT INTO engine.settings (key, value) VALUES ('outside_test', ${JSON.stringify({ url, breaks })}::jsonb)
        ON CONFLICT (key) DO UPDATE SET value = excluded.value`.execute(engine.db);
  await tell(true);
  return {
    engine,
    db: engine.db,
    requests: () => requests,
    /** From now on remedies end as they should. */
    mend: () => tell(false),
    /** Kills each child that has had its effect and not recorded it, and says how many it were. */
    killing() {
      let killed = 0;
      onDone = (pid) => {
        killed += 1;
        process.kill(pid, 'SIGKILL');
      };
      return () => killed;
    },
    /** Resolves when a child has had its effect and not recorded it; nobody kills it. */
    effect: () => new Promise<number>((resolve) => (onDone = resolve)),
    effects: async () => (await sql`SELECT id FROM engine.effects`.execute(engine.db)).rows.length,
    actions: () => engine.db.selectFrom('bot_actions').selectAll().orderBy('taken_at').execute(),
  };
}

/** What a worker that is killed leaves: its run queued again, its intent as it was. */
const loseWorker = async (at: Awaited<ReturnType<typeof scene>>, id: string) => {
  await sql`UPDATE bot_executions SET status = 'queued', generation = generation + 1, lease_until = NULL
            WHERE id = ${id}`.execute(at.db);
};

test('an effect inside our database is undone with its child, and happens once', async () => {
  const at = await scene();
  const killed = at.killing();
  for (let number = 0; number < kills; number++) {
    await sql`UPDATE bot_actions SET taken_at = taken_at - interval '2 hours', settled_at = settled_at - interval '2 hours'`.execute(
      at.db,
    );
    await run(at.engine, 'inside', { max_attempts: 1 });
    expect(await at.effects()).toBe(0);
  }
  // Each in three tries: a SIGKILL is nothing that can be told from the kernel's.
  expect(killed()).toBe(3 * kills);
  await at.mend();
  await sql`UPDATE bot_actions SET taken_at = taken_at - interval '2 hours', settled_at = settled_at - interval '2 hours'`.execute(
    at.db,
  );
  await run(at.engine, 'inside');
  expect(await at.effects()).toBe(1);
  expect((await at.actions()).map(({ state }) => state)).toEqual([
    ...Array(kills).fill('aborted'),
    'verified',
  ]);
});

describe('a child that is killed after its request', () => {
  test('is never followed by a second request where nobody can tell what was done', async () => {
    const at = await scene();
    const killed = at.killing();
    expect(await run(at.engine, 'cannot-tell')).toMatchObject({ status: 'success' });
    expect([at.requests(), killed()]).toEqual([1, 1]);
    expect(await at.actions()).toMatchObject([
      { state: 'unknown', error_message: expect.stringContaining('cannot tell') },
    ]);
    await at.mend();
    for (let number = 0; number < kills; number++) await run(at.engine, 'cannot-tell');
    expect(at.requests()).toBe(1);
    const tickets = await at.db.selectFrom('bot_tickets').select('status').execute();
    expect(tickets).toHaveLength(1);
  });

  test('is followed by a question where somebody can tell', async () => {
    const at = await scene();
    const killed = at.killing();
    await run(at.engine, 'can-tell');
    expect([at.requests(), killed()]).toEqual([1, 1]);
    expect(await at.actions()).toMatchObject([
      { evidence: { summary: 'it was done already' }, applied_at: expect.any(Date) },
    ]);
  });
});

describe('a worker that is lost after its child had sent the request', () => {
  test.each([
    ['cannot-tell', 'unknown'],
    ['can-tell', 'failed'],
  ])('leaves an intent that its next attempt asks about (%s)', async (name, state) => {
    const at = await scene();
    const id = await queuedRun(at.db, name);
    const effect = at.effect();
    const lost = attempt(at.engine, id);
    const pid = await effect;
    expect(at.requests()).toBe(1);
    expect(await at.actions()).toMatchObject([{ state: 'intent', evidence: { begun: true } }]);
    await loseWorker(at, id);
    process.kill(pid, 'SIGKILL');
    await lost;
    expect(await at.actions()).toMatchObject([{ state: 'intent' }]);
    expect((await rowOf(at.db, id)).status).toBe('queued');
    await at.mend();
    await attempt(at.engine, id);
    expect(at.requests()).toBe(1);
    expect(await at.actions()).toMatchObject([{ state }]);
  });
});
