/** Faults in real children, whose sessions use a role of their own: the worker learns the class of each fault. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { catalogueOf } from '../../src/catalogue/catalogue.ts';
import { anEngine } from '../support/engine.ts';
import { nothingHeldOut, run } from '../support/runs.ts';
import { bots, remedies } from './fault-bots.ts';
import { serveHttp } from '../support/http-server.ts';
import { childrenOf } from '../support/children.ts';

/** Called each time that a remedy works, with its process; the remedy goes on when this returns. */
type AtWork = (pid: number, times: number) => unknown;

async function scene(atWork: AtWork = () => {}) {
  const engine = await anEngine({ name: 'postgres' }, catalogueOf(bots, remedies));
  const { db } = engine;
  await nothingHeldOut(db);
  const role = `child_${randomBytes(4).toString('hex')}`;
  const alter = (how: string) => sql.raw(`ALTER ROLE ${role} ${how}`).execute(db);
  await sql.raw(`CREATE ROLE ${role} LOGIN BYPASSRLS PASSWORD 'child'`).execute(db);
  onTestFinished(async () => {
    await sql.raw(`DROP OWNED BY ${role}`).execute(db);
    await sql.raw(`DROP ROLE ${role}`).execute(db);
  });
  await sql`CREATE TABLE engine.fault_effects (id serial)`.execute(db);
  await sql`CREATE TABLE engine.fault_counter (n int, url text)`.execute(db);
  for (const schema of ['public', 'engine'])
    await sql
      .raw(
        `GRANT USAGE ON SCHEMA ${schema} TO ${role};
         GRANT ALL ON ALL TABLES IN SCHEMA ${schema} TO ${role};
         GRANT ALL ON ALL SEQUENCES IN SCHEMA ${schema} TO ${role};
         GRANT ALL ON ALL FUNCTIONS IN SCHEMA ${schema} TO ${role}`,
      )
      .execute(db);
  const url = Object.assign(new URL(engine.url), { username: role, password: 'child' });
  const module = new URL('./fault-bots.ts', import.meta.url);
  const children = childrenOf({ db, url: url.href }, module, { size: 1 });
  let times = 0;
  const { url: counter } = await serveHttp(async (incoming, answer) => {
    await atWork(Number(await text(incoming)), (times += 1));
    answer.end();
  });
  await sql`INSERT INTO engine.fault_counter VALUES (0, ${counter})`.execute(db);
  return {
    db,
    alter,
    tries: () => times,
    round: (bot = 'counts') => run({ ...engine, children }, bot, { max_attempts: 1 }),
    actions: () => db.selectFrom('bot_actions').selectAll().orderBy('taken_at').execute(),
    effects: async () => (await sql`SELECT FROM engine.fault_effects`.execute(db)).rows.length,
  };
}

type Scene = Awaited<ReturnType<typeof scene>>;

const raiseBeside = ({ db }: Scene) => sql`UPDATE engine.fault_counter SET n = n + 1`.execute(db);

const decided = async ({ db }: Scene) =>
  (await sql`SELECT FROM engine.heals WHERE outcome IS NOT NULL`.execute(db)).rows.length;

const abortedFor = (why: string) => [
  { state: 'aborted', applied_at: null, error_message: expect.stringContaining(why) },
];

/** A transaction that writes a row which another one has written since it read that row is refused, as a serializable one is. */
const refuseOvertaken = ({ db }: Scene) =>
  sql`
    CREATE FUNCTION engine.refuse_overtaken() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NEW.n <> OLD.n + 1 THEN
        RAISE EXCEPTION 'could not serialize access due to concurrent update' USING ERRCODE = 'serialization_failure';
      END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER refuse_overtaken BEFORE UPDATE ON engine.fault_counter FOR EACH ROW EXECUTE FUNCTION engine.refuse_overtaken()`.execute(
    db,
  );

test('a remedy that another writer overtook goes through in a later try, once', async () => {
  const at: Scene = await scene((_, times) => times < 3 && raiseBeside(at));
  await refuseOvertaken(at);
  expect(await at.round()).toMatchObject({ status: 'success', actions_taken: 1 });
  expect(at.tries()).toBe(3);
  expect(await at.effects()).toBe(1);
  expect(await at.actions()).toMatchObject([{ state: 'verified' }]);
});

test('one that is overtaken each time is aborted, and the next run cures', async () => {
  let overtakes = true;
  const at: Scene = await scene(() => overtakes && raiseBeside(at));
  await refuseOvertaken(at);
  await at.round();
  expect(await at.actions()).toMatchObject(abortedFor('could not serialize access'));
  expect([at.tries(), await at.effects(), await decided(at)]).toEqual([3, 0, 0]);
  overtakes = false;
  await at.round();
  expect((await at.actions()).map(({ state }) => state)).toEqual(['aborted', 'verified']);
  expect(await at.effects()).toBe(1);
});

test('while a role may not write, nothing is tried, and the remedy cures as soon as the role may write', async () => {
  const at = await scene();
  await at.alter('SET default_transaction_read_only = on');
  expect(await at.round()).toMatchObject({ status: 'failed' });
  expect(await at.actions()).toEqual([]);
  expect(await decided(at)).toBe(0);
  await at.alter('RESET default_transaction_read_only');
  await at.round();
  expect((await at.actions()).map(({ state }) => state)).toEqual(['verified']);
});

test('a remedy is not blamed when the server has no connection left', async () => {
  const at = await scene();
  // One is its check's; none is left for the remedy.
  await at.alter('CONNECTION LIMIT 1');
  expect(await at.round()).toMatchObject({ status: 'success' });
  expect(await at.actions()).toMatchObject(abortedFor('too many connections'));
  expect(await decided(at)).toBe(0);
  await at.alter('CONNECTION LIMIT -1');
  await at.round();
  expect((await at.actions()).map(({ state }) => state)).toEqual(['aborted', 'verified']);
});

test('remedies whose sessions are ended again and again are not blamed for that', async () => {
  const at: Scene = await scene(
    (_, times) =>
      times < 6 &&
      sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND state = 'idle in transaction'
            AND query LIKE '%fault_effects%'`.execute(at.db),
  );
  await at.round();
  expect(await at.actions()).toMatchObject(abortedFor("not the remedy's doing; tries: 3"));
  expect([await at.effects(), await decided(at)]).toEqual([0, 0]);
  await at.round();
  expect((await at.actions()).map(({ state }) => state)).toEqual(['aborted', 'verified']);
  expect([at.tries(), await at.effects()]).toEqual([6, 1]);
});

test('a child that is killed from outside is followed by a fresh one, and its remedy has one effect', async () => {
  const pids = new Set<number>();
  const at = await scene((pid, times) => {
    pids.add(pid);
    if (times === 1) process.kill(pid, 'SIGKILL');
  });
  expect(await at.round()).toMatchObject({ status: 'success', actions_taken: 1 });
  expect(pids.size).toBe(2);
  expect(await at.effects()).toBe(1);
  expect(await at.actions()).toMatchObject([{ state: 'verified' }]);
});

test('a child that is killed before it has begun an effect outside had none: another one applies it', async () => {
  const at = await scene();
  const { db } = at;
  await sql`
    CREATE FUNCTION engine.wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      PERFORM pg_advisory_xact_lock(1);
      RETURN NEW;
    END $$`.execute(db);
  await sql`
    CREATE TRIGGER wait BEFORE UPDATE ON bot_actions FOR EACH ROW EXECUTE FUNCTION engine.wait()`.execute(
    db,
  );
  const running = await db.transaction().execute(async (trx) => {
    await sql`SELECT pg_advisory_xact_lock(1)`.execute(trx);
    const round = at.round('sends');
    await expect
      .poll(
        async () => {
          const { rows } = await sql`
          SELECT FROM pg_stat_activity
          WHERE datname = current_database() AND wait_event = 'advisory'`.execute(db);
          return rows.length;
        },
        { timeout: 15_000 },
      )
      .toBe(1);
    const pids = await readFile(`/proc/self/task/${process.pid}/children`, 'utf8');
    for (const pid of pids.split(' ').filter(Boolean)) process.kill(Number(pid), 'SIGKILL');
    return { round };
  });
  expect(await running.round).toMatchObject({ status: 'success', actions_taken: 1 });
  expect(await at.actions()).toMatchObject([{ state: 'verified' }]);
  expect(await at.effects()).toBe(1);
});

test('a child that crashes by itself counts against its remedy', async () => {
  const at = await scene((pid) => void process.kill(pid, 'SIGSEGV'));
  await at.round();
  expect(at.tries()).toBe(1);
  expect(await at.actions()).toMatchObject([{ state: 'failed' }]);
  expect(await decided(at)).toBe(1);
});

test('a check that gets no connection counts as an error only after three tries', async () => {
  const at = await scene();
  await at.alter('CONNECTION LIMIT 0');
  expect(await at.round()).toMatchObject({
    status: 'failed',
    reason: 'check errored',
    error_message: expect.stringContaining('too many connections'),
  });
  expect(await at.actions()).toEqual([]);
  await at.alter('CONNECTION LIMIT -1');
  expect(await at.round()).toMatchObject({ status: 'success' });
});
