import { setTimeout as sleep } from 'node:timers/promises';
import { currentMode, healsIn } from '../data/bots/engine.ts';
import type { Tasks } from './tasks/task.ts';
import type { Effect } from '../heal/heal-context.ts';
import type { Undo } from '../heal/undo.ts';
import { secretsNamedIn } from '../ground/secrets/secret-reference.ts';
import type { Engine } from './engine.ts';
import type { RunContext } from './run-context.ts';

/** The kill switch acts within 2 s: this interval, the time of the database's answer, and a child's grace period. */
const askEveryMs = 500;

/** How many reads of the mode may fail in a row: one failure may be a lost connection. If more fail, the mode counts as off. */
const maxUnanswered = 1;

export interface ModeWatch {
  /** Aborted when the run is stopped, and once the kill switch has stopped an effect of it. */
  signal: AbortSignal;
  /** Carries out a task that has effects. Ends the task if meanwhile the mode no longer allows effects. */
  carryOut<K extends 'effect' | 'undo'>(
    kind: K,
    task: Tasks[K]['task'],
  ): Promise<Tasks[K]['result']>;
}

/** The names of the secrets that a task needs. */
const namesIn = (task: Effect | Undo): readonly string[] =>
  'params' in task ? secretsNamedIn(task.params) : (task.names ?? []);

/** The gates read the mode before an effect; this reads it while an effect is under way in the run's child. */
export function watchMode({ db, emit, secrets }: Engine, { run, child }: RunContext): ModeWatch {
  const off = new AbortController();

  async function watch(end: AbortSignal): Promise<void> {
    let unanswered = 0;
    while (unanswered <= maxUnanswered) {
      await sleep(askEveryMs, undefined, { signal: end });
      const mode = await currentMode(db).catch(() => undefined);
      if (end.aborted) return;
      unanswered = mode === undefined ? unanswered + 1 : 0;
      if (mode !== undefined && !healsIn(mode)) break;
    }
    emit('run.stopped_by_mode', { run: run.id, bot: run.bot.name });
    off.abort('kill_switch');
    child.stop('kill_switch');
  }

  return {
    signal: AbortSignal.any([run.signal, off.signal]),
    async carryOut(kind, task) {
      // Secrets are opened as late as possible, and only those of this task: a child cannot leak a secret that it does
      // not know.
      const opened = await secrets.open(namesIn(task));
      const end = new AbortController();
      watch(end.signal).catch(() => {});
      try {
        return await child.do(kind, { ...task, secrets: opened }, run);
      } catch (error) {
        // The last output of a child that died may contain the secrets that it was given.
        throw secrets.error(error);
      } finally {
        end.abort();
      }
    },
  };
}
