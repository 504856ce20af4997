import { BadDefinitionError } from '../catalogue/catalogue.ts';
import { messageOf } from '../ground/errors.ts';
import { fitting } from '../ground/text.ts';
import type { Engine } from './engine.ts';
import { enqueueFollowUps } from './enqueue-follow-ups.ts';
import { markBotInError } from '../transitions/bots/mark-in-error.ts';
import type { Ending } from './writer/finish.ts';
import type { Run } from './writer/run.ts';

/** A defect or a lost database, not a check's own error. If this fails too, rescue takes the run over. */
export async function failRun(engine: Engine, run: Run, error: unknown): Promise<void> {
  engine.log.error({ err: error, run: run.id, bot: run.bot.name }, 'run failed');
  const definition = error instanceof BadDefinitionError;
  const why = fitting(definition ? error.why : messageOf(error), 2_000);
  const ending: Ending = {
    status: 'failed',
    reason: definition ? 'definition' : 'engine error',
    error: why,
    outcomes: [],
    findings: 0,
    actions: 0,
  };
  try {
    if (definition) await markBotInError(engine.db, run.bot, why);
    // No further attempt can help a definition that cannot run.
    const last = definition ? { ...run, attempt: run.maxAttempts } : run;
    await enqueueFollowUps(engine, run, await engine.writer.end(last, ending));
  } catch (second) {
    engine.log.error(
      { err: second, run: run.id },
      'run could not be finished; rescue will take it over',
    );
  }
}
