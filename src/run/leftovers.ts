import { askBegun } from '../heal/ask.ts';
import type { Engine } from './engine.ts';
import { watchMode } from './kill-switch.ts';
import type { Held } from './place.ts';
import type { Run } from './writer/run.ts';
import { undoRequested } from './undo.ts';

/**
 * What its bot's earlier runs have left to be settled before any check looks: effects that somebody asked to be
 * undone, and those outside that were begun and of which nobody knows whether they happened. That there are any
 * is known since the start, so that a run without them asks for nothing.
 */
export async function takeUpLeftovers(engine: Engine, run: Run, held: Held): Promise<void> {
  if (!run.leftovers) return;
  await undoRequested(engine, run, held);
  const { db, catalogue } = engine;
  const { signal, carryOut } = watchMode(engine, run, held);
  await askBegun(
    { db, catalogue, signal, leftMs: held.leftMs, effect: (task) => carryOut('effect', task) },
    run,
    run.bot.id,
  );
}
