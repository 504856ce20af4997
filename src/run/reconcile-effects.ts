import { askBegun } from '../heal/ask.ts';
import type { Engine } from './engine.ts';
import { watchMode } from './kill-switch.ts';
import type { RunContext } from './run-context.ts';
import { undoRequested } from './undo.ts';

/**
 * Settles what the bot's earlier runs have left before any check looks: effects that a person asked to be undone,
 * and those outside the database that were begun and of which it is not known whether they happened.
 */
export async function reconcileEffects(engine: Engine, context: RunContext): Promise<void> {
  const { run, leftMs } = context;
  await undoRequested(engine, context);
  const { db, catalogue } = engine;
  const { signal, carryOut } = watchMode(engine, context);
  await askBegun(
    { db, catalogue, signal, leftMs, effect: (task) => carryOut('effect', task) },
    run,
    run.bot.id,
  );
}
