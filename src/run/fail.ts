import { BadDefinitionError } from '../catalogue/catalogue.ts';
import { messageOf } from '../ground/errors.ts';
import { fitting } from '../ground/text.ts';
import type { Engine } from './engine.ts';
import { markBotInError } from '../transitions/bots/mark-in-error.ts';
import type { Ending } from './writer/finish.ts';
import type { Ended } from './writer/flush.ts';
import type { Run } from './writer/run.ts';

/**
 * Ends a run because of a defect of the engine, a bad definition of its bot or a lost database, not because of a check's own
 * error. Returns null when this fails too: then rescue takes the run over.
 */
export async function failRun(engine: Engine, run: Run, error: unknown): Promise<Ended | null> {
  engine.emit('run.failed', { err: error, run: run.id, bot: run.bot.name });
  const isBadDefinition = error instanceof BadDefinitionError;
  const why = fitting(isBadDefinition ? error.why : messageOf(error), 2_000);
  const ending: Ending = {
    status: 'failed',
    reason: isBadDefinition ? 'definition' : 'engine error',
    error: why,
    outcomes: [],
    findings: 0,
    actions: 0,
    healingDone: false,
  };
  try {
    const marked = isBadDefinition ? await markBotInError(engine.db, run.bot, why) : [];
    if (marked.length > 0) engine.emit('bot.in_error', { name: run.bot.name, reason: why });
    // Another attempt cannot help when the bot's definition cannot run.
    const lastAttempt = isBadDefinition ? { ...run, attempt: run.maxAttempts } : run;
    return await engine.writer.end(lastAttempt, ending);
  } catch (second) {
    engine.emit('run.unfinished', { err: second, run: run.id });
    return null;
  }
}
