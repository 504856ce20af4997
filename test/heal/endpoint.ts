/** The built-in watch over endpoints with a cure of a test, on a clock that a test moves. */
import { sql } from 'kysely';
import { sentinelApi } from '../../bots/sentinel-api.ts';
import type { EventContext, EventResult, KnowledgeSeed } from '../../src/bot.ts';
import { settle } from '../../src/maintain/settle.ts';
import { anEngine } from '../support/engine.ts';
import { aRemedy, catalogue, entry, playbook } from '../support/builders.ts';
import { attempt, nothingHeldOut, run } from '../support/runs.ts';
import { movableClock } from '../support/clocks.ts';

export const minute = 60;
export const hour = 60 * minute;

interface EndpointOptions {
  /** how the entry begins; auto unless told */
  autonomy?: KnowledgeSeed['autonomy'];
  solution?: string;
  /** one in four findings is left alone for a run, as long as nothing is known of such */
  holdsOut?: boolean;
  /** of the bot */
  config?: object;
}

type Tell = (result: EventResult, asked: EventContext) => EventResult;

/** The bot `sentinel-api` and the entry `api.cure`, whose remedy has no effect that the database could see. */
export async function endpoint({
  autonomy = 'auto',
  solution = playbook('api.restart'),
  holdsOut = false,
  config = {},
}: EndpointOptions = {}) {
  const cure = entry('api.cure', solution, {
    category: 'api',
    pattern: 'requests answered 5xx',
    autonomy,
  });
  let counted = async () => {};
  let told: Tell = (result) => result;
  const bot = {
    ...sentinelApi,
    knowledge: [cure],
    checks: sentinelApi.checks.map((check) =>
      check.events && check.name === 'server-errors'
        ? {
            ...check,
            run: async (...asked: Parameters<typeof check.run>) => {
              const result = await check.run(...asked);
              await counted();
              return told(result, asked[1]);
            },
          }
        : check,
    ),
  };
  const remedies = ['api.restart', 'api.further'].map((name) => aRemedy(name, async () => {}));
  const engine = await anEngine({ name: 'postgres' }, catalogue([bot], remedies));
  const { db } = engine;
  const move = await movableClock(db);
  // Draws depend on fingerprints, and these on the bot's id: so that every test draws the same.
  await sql`UPDATE bots SET id = md5(name)::uuid`.execute(db);
  if (!holdsOut) await nothingHeldOut(db);
  // These tests are not about limits of heals in a row.
  await sql`UPDATE engine.settings SET value = value || '{"cooldown_minutes": 0, "heals_per_entry": 100}' WHERE key = 'healing'`.execute(
    db,
  );
  // A single error is enough to see what becomes of its finding.
  await sql`UPDATE bots SET config = ${JSON.stringify({ min_5xx: 1, ...config })}::jsonb`.execute(
    db,
  );
  const newest = <Table extends 'bot_actions' | 'bot_findings' | 'bot_tickets'>(
    table: Table,
    order: string,
  ) =>
    sql<Record<string, any>>`SELECT * FROM ${sql.table(table)} ORDER BY ${sql.ref(order)}`
      .execute(db)
      .then(({ rows }) => rows);
  return {
    engine,
    db,
    move,
    /** So many answers of one kind so many seconds before now. */
    answers: (status: number, count: number, ago = 0, path = '/api/checkout') =>
      sql`
        INSERT INTO api_logs (endpoint, method, status_code, created_at)
        SELECT ${path}, 'GET', ${status}::int, engine.now() - make_interval(secs => ${ago}) FROM generate_series(1, ${count}::int)`.execute(
        db,
      ),
    round: () => run(engine, 'sentinel-api', { max_attempts: 1 }),
    settle: () => settle(db, engine.catalogue),
    /** From now on the check says what this makes of its result; it may throw. */
    tell(otherwise: Tell) {
      told = otherwise;
    },
    /** The next check waits, once it has counted, until it may go on. */
    async holdCheck() {
      const reached = Promise.withResolvers<void>();
      const released = Promise.withResolvers<void>();
      counted = async () => {
        counted = async () => {};
        reached.resolve();
        await released.promise;
      };
      return { reached: reached.promise, go: () => released.resolve() };
    },
    /** Seconds until the time of the next verify run has come; null when none waits. */
    async untilVerifyRun(): Promise<number | null> {
      const { rows } = await sql<{ seconds: number | null }>`
        SELECT extract(epoch FROM greatest(min(run_after), engine.now()) - engine.now())::float8 AS seconds
        FROM bot_executions WHERE trigger = 'verify' AND status = 'queued'
        HAVING count(*) > 0`.execute(db);
      return rows[0]?.seconds ?? null;
    },
    /** Carries out the verify run that waits, if its time has come. */
    async verifyRun() {
      const due = await db
        .selectFrom('bot_executions')
        .select('id')
        .where('trigger', '=', 'verify')
        .where('status', '=', 'queued')
        .where('run_after', '<=', sql<Date>`engine.now()`)
        .orderBy('run_after')
        .executeTakeFirst();
      return due && attempt(engine, due.id);
    },
    actions: () => newest('bot_actions', 'taken_at'),
    findings: () => newest('bot_findings', 'detected_at'),
    tickets: () => newest('bot_tickets', 'number'),
    states: async () =>
      (await newest('bot_actions', 'taken_at')).map(({ state }) => state as string),
    decisions: () =>
      db
        .selectFrom('bot_decisions')
        .select(['verdict', 'outcome', 'settled_at'])
        .where('fingerprint', '<>', 'elsewhere')
        .orderBy('id')
        .execute(),
  };
}

export type Endpoint = Awaited<ReturnType<typeof endpoint>>;

/** 63 of 217 requests were answered 5xx twenty minutes ago, and the cure has just been applied. */
export async function curedAfterABurst(options: EndpointOptions = {}): Promise<Endpoint> {
  const at = await endpoint(options);
  await at.answers(503, 63, 20 * minute);
  await at.answers(200, 154, 20 * minute);
  await at.round();
  return at;
}

/** So many heals of the entry have held somewhere else: something is known of it. */
export const outcomesElsewhere = ({ db }: Endpoint, count: number) =>
  sql`
    INSERT INTO bot_actions (bot_id, knowledge_id, action_type, action_description, success, heal_id, state, fingerprint,
                             component, remedy, risk, idempotency_key, applied_at, taken_at, settled_at)
    SELECT (SELECT id FROM bots LIMIT 1), k.id, 'api.restart', 'elsewhere', true, gen_random_uuid(), 'held', 'elsewhere',
           'elsewhere', 'api.restart', 'safe', 'elsewhere-' || n, t.at, t.at, t.at
    FROM bot_knowledge k, generate_series(1, ${count}::int) n, (SELECT engine.now() - interval '2 days' AS at) t
    WHERE k.name = 'api.cure'`.execute(db);
