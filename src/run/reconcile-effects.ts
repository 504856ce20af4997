import { askAboutBegunEffects } from '../heal/ask.ts';
import type { Engine } from './engine.ts';
import { watchMode } from './kill-switch.ts';
import type { RunContext } from './run-context.ts';
import { carryOutUndos } from './undo.ts';

/**
 * Before any check runs: undoes the bot's effects that a person asked to undo, and asks about effects outside the database that
 * earlier runs have begun and of which it is not known whether they happened.
 */
export async function reconcileEffects(engine: Engine, context: RunContext): Promise<void> {
  const { run, leftMs } = context;
  await carryOutUndos(engine, context);
  const { db, catalogue } = engine;
  const { signal, carryOut } = watchMode(engine, context);
  await askAboutBegunEffects(
    { db, catalogue, signal, leftMs, effect: (task) => carryOut('effect', task) },
    run,
    run.bot.id,
  );
}
