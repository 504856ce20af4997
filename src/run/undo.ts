import { currentMode, healsIn } from '../data/bots/engine.ts';
import { LostRunError } from '../data/bots/fence.ts';
import { retryFaults } from '../database/faults/retry-faults.ts';
import { messageOf } from '../ground/errors.ts';
import { isRetriedFor } from '../heal/outside.ts';
import { findUndoRequests, concludeUndo, type Undo } from '../heal/undo.ts';
import { secretsNamedIn } from '../ground/secrets/secret-reference.ts';
import type { Engine } from './engine.ts';
import { watchMode } from './kill-switch.ts';
import type { RunContext } from './run-context.ts';

/**
 * Before the bot's checks run: undoes those of its effects that a person asked to undo. Under the kill switch nothing is undone,
 * and the requests wait; so does a request whose undo the kill switch interrupts.
 */
export async function carryOutUndos(engine: Engine, context: RunContext): Promise<void> {
  const { db, emit, catalogue } = engine;
  const { run, leftMs } = context;
  const undos = await findUndoRequests(db, run.bot.id);
  if (undos.length === 0) return;
  const { signal, carryOut } = watchMode(engine, context);
  const limits = { signal, leftMs };
  const { id, fence } = run;
  const delayed = new Set<string>();
  for (const { id: action, remedy, fingerprint, params } of undos) {
    // A newer effect on the same fingerprint must be undone first.
    if (delayed.has(fingerprint)) continue;
    if (signal.aborted || !healsIn(await currentMode(db))) return;
    const names = secretsNamedIn(params);
    const undo: Undo = { run: { id, fence }, action: { id: action }, remedy, names };
    let tries = 0;
    try {
      await retryFaults(
        limits,
        async () => {
          if (tries > 0 && !healsIn(await currentMode(db))) return;
          tries += 1;
          await carryOut('undo', { ...undo, again: tries > 1 });
        },
        isRetriedFor(catalogue.remedy(remedy) ?? {}),
      );
    } catch (error) {
      if (error instanceof LostRunError) throw error;
      if (signal.aborted) return;
      emit('undo.failed', { run: id, action, remedy, reason: messageOf(error) });
      if (await concludeUndo(db, undo, error, limits)) delayed.add(fingerprint);
    }
  }
}
