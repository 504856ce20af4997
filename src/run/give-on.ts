import { catalogueNameIn } from '../contract/bot.ts';
import { giveRunOn } from '../transitions/runs/give-on.ts';
import type { Engine } from './engine.ts';
import type { Run } from './writer/run.ts';

/** How long such a run waits before a worker may take it again: this one may take it once more, and give it on again. */
const pauseMs = 1_000;

/**
 * Gives a run whose bot this process does not know to a worker that does, without using up an attempt. False where this process knows
 * the bot, or no living worker does: then the run goes on here, and fails.
 */
export async function giveOn(
  { catalogue, db, queue, emit }: Pick<Engine, 'catalogue' | 'db' | 'queue' | 'emit'>,
  run: Run,
): Promise<boolean> {
  const { endpoint, name } = run.bot;
  const bot = catalogue.botAt(endpoint) ? undefined : catalogueNameIn(endpoint);
  if (bot === undefined) return false;
  const entry = await giveRunOn(db, run, { bot, pauseMs });
  if (!entry) return false;
  emit('run.given_on', { run: run.id, bot: name });
  // Rescue queues the run when this fails.
  await queue
    .add([entry])
    .catch((error: unknown) => emit('run.unqueued', { err: error, run: run.id }));
  return true;
}
