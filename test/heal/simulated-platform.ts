/** A bot whose findings a test breaks and mends, and remedies that count their effects in a table. */
import { sql } from 'kysely';
import type { KnowledgeSeed, Remedy } from '../../src/bot.ts';
import type { Database } from '../../src/database/connect.ts';
import { heal } from '../../src/heal/heal.ts';
import type { OpenFinding, Recheck } from '../../src/heal/finding/open-finding.ts';
import type { HealContext } from '../../src/heal/heal-context.ts';
import { aBot, aRemedy, catalogue, problem } from '../support/builders.ts';
import { anEngine, type EngineOptions } from '../support/engine.ts';
import { nothingHeldOut, queuedRun, run, set } from '../support/runs.ts';

/** What a remedy of a test does, and whether its problem is gone then. */
export interface Cure {
  name: string;
  works?: boolean;
  throws?: boolean;
  rest?: Partial<Remedy>;
  before?: () => Promise<void>;
}

interface PlatformOptions extends EngineOptions {
  severity?: 'critical' | 'high' | 'medium' | 'low';
  /** one in four findings is left alone for a run, as long as nothing is known of such */
  holdsOut?: boolean;
}

export async function simulatedPlatform(
  knowledge: KnowledgeSeed[],
  cures: Cure[],
  { severity = 'high', holdsOut = false, ...options }: PlatformOptions = {},
) {
  const broken = new Set(['disk']);
  const remedies = cures.map(({ name, works = true, throws = false, rest, before }) =>
    aRemedy(
      name,
      async ({ db, target }) => {
        await before?.();
        await sql`INSERT INTO engine.effects (remedy, component) VALUES (${name}, ${target.component})`.execute(
          db,
        );
        if (throws) throw new Error(`${name} broke off`);
        if (works) broken.delete(target.component);
      },
      rest,
    ),
  );
  const bot = aBot(
    'watch',
    async () => ({
      examined: { count: 10, except: [] },
      findings: [...broken].map((component) => problem(component, { severity })),
    }),
    { knowledge },
  );
  const engine = await anEngine({ name: 'postgres' }, catalogue([bot], remedies), options);
  await sql`CREATE TABLE IF NOT EXISTS engine.effects (id serial, remedy text, component text)`.execute(
    engine.db,
  );
  if (!holdsOut) await nothingHeldOut(engine.db);
  return {
    engine,
    db: engine.db,
    broken,
    round: () => run(engine, 'watch', { max_attempts: 1 }),
    async effects() {
      const { rows } = await sql<{
        remedy: string;
      }>`SELECT remedy FROM engine.effects ORDER BY id`.execute(engine.db);
      return rows.map(({ remedy }) => remedy);
    },
    decisions: () =>
      engine.db
        .selectFrom('bot_decisions as d')
        .innerJoin('bot_knowledge as k', 'k.id', 'd.knowledge_id')
        .select(['k.name', 'd.verdict', 'd.gate'])
        .where('d.fingerprint', '<>', 'elsewhere')
        .orderBy('d.id')
        .execute(),
    /** Deletes the decisions about this bot's findings, so that the next run decides anew. */
    forget: () =>
      engine.db.deleteFrom('bot_decisions').where('fingerprint', '<>', 'elsewhere').execute(),
    /** The finding as an open row that no remedy was tried on. */
    async seen(): Promise<OpenFinding> {
      await set(engine.db, 'mode', 'off');
      await run(engine, 'watch', { max_attempts: 1 });
      await set(engine.db, 'mode', 'safe');
      const rows = engine.db.selectFrom('bot_findings').selectAll();
      return (await rows.executeTakeFirstOrThrow()) as unknown as OpenFinding;
    },
    /** A started run that comes to healing when it is told, with a finding that it may have seen a while ago. */
    async comesTo(finding: OpenFinding) {
      await sql`UPDATE bots SET concurrency = 20`.execute(engine.db);
      const id = await queuedRun(engine.db, 'watch');
      const { signal, ...started } = (await engine.writer.start({ id, generation: 1 }))!;
      const recheck: Recheck = async () =>
        broken.has(finding.component_key) ? 'failing' : 'clean';
      const { db, catalogue: known } = engine;
      const { do: carryOut } = await engine.children.take();
      const effect: HealContext['effect'] = (task) => carryOut('effect', task);
      const now = () => new Date();
      const healing = {
        db,
        catalogue: known,
        signal,
        recheck,
        effect,
        now,
        leftMs: () => 10_000,
        emit: engine.emit,
      };
      return () => heal(healing, started, finding);
    },
    actions: () => engine.db.selectFrom('bot_actions').selectAll().orderBy('taken_at').execute(),
    finding: () =>
      engine.db
        .selectFrom('bot_findings')
        .selectAll()
        .orderBy('detected_at', 'desc')
        .executeTakeFirstOrThrow(),
  };
}

/** An action that an earlier run left behind about the newest finding. */
export async function leftBehind(
  { db, finding }: Awaited<ReturnType<typeof simulatedPlatform>>,
  knowledge: string,
  remedy: string,
  state: Database['bot_actions']['state'],
  values: object = {},
) {
  const { id, bot_id, fingerprint, affected_component, category, execution_id } = await finding();
  const entry = await db
    .selectFrom('bot_knowledge')
    .select('id')
    .where('name', '=', knowledge)
    .executeTakeFirstOrThrow();
  return db
    .insertInto('bot_actions')
    .values({
      bot_id,
      finding_id: id,
      execution_id,
      knowledge_id: entry.id,
      heal_id: crypto.randomUUID(),
      idempotency_key: crypto.randomUUID(),
      action_type: remedy,
      action_description: remedy,
      remedy,
      risk: 'safe',
      fingerprint,
      component: affected_component,
      category,
      state,
      success: state === 'verified' || state === 'held',
      taken_at: sql<Date>`engine.now() - interval '10 minutes'`,
      applied_at: state === 'intent' ? null : sql<Date>`engine.now() - interval '10 minutes'`,
      ...values,
    })
    .returning(['id', 'heal_id'])
    .executeTakeFirstOrThrow();
}
