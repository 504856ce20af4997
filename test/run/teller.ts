/** A bot that says in each run what a test tells it. */
import type { Bot, CheckResult, KnowledgeSeed, Remedy } from '../../src/bot.ts';
import { aBot, catalogue, clean } from '../support/builders.ts';
import { anEngine } from '../support/engine.ts';
import { nothingHeldOut, run, set } from '../support/runs.ts';

interface Telling extends Partial<Bot> {
  knowledge?: KnowledgeSeed[];
  remedies?: Remedy[];
}

/** Bots of one engine, by their names. */
export async function tellers(bots: Record<string, Telling>) {
  const said = new Map<string, CheckResult>();
  const made = Object.entries(bots).map(([name, { remedies: _, ...rest }]) =>
    aBot(name, async () => said.get(name) ?? clean(), rest),
  );
  const remedies = Object.values(bots).flatMap((bot) => bot.remedies ?? []);
  const engine = await anEngine({ name: 'postgres' }, catalogue(made, remedies));
  const { db } = engine;
  await nothingHeldOut(db);
  return {
    engine,
    db,
    /** A run of this bot, which sees this. */
    async say(bot: string, result: CheckResult) {
      said.set(bot, result);
      return run(engine, bot, { max_attempts: 1 });
    },
    findings: () => db.selectFrom('bot_findings').selectAll().orderBy('detected_at').execute(),
    open: async () => {
      const rows = await db
        .selectFrom('bot_findings')
        .select('affected_component as component')
        .where('resolved_at', 'is', null)
        .orderBy('affected_component')
        .execute();
      return rows.map(({ component }) => component);
    },
    tickets: () => db.selectFrom('bot_tickets').selectAll().orderBy('number').execute(),
    decisions: () =>
      db
        .selectFrom('bot_decisions')
        .select(['component', 'verdict', 'gate'])
        .where('fingerprint', '<>', 'elsewhere')
        .orderBy('component')
        .orderBy('id')
        .execute(),
    memory: () => db.selectFrom('bot_finding_states').selectAll().executeTakeFirstOrThrow(),
    mode: (mode: string) => set(db, 'mode', mode),
  };
}

export type Tellers = Awaited<ReturnType<typeof tellers>>;
