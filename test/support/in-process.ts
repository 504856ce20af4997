/**
 * Carries out checks and remedies in the process of the test, with the same code that a child runs, so that they can be
 * closures over variables of the test. The tests of child processes themselves are in test/children.
 */
import { carryOutWith, type TaskDependencies } from '../../src/run/tasks/carry-out.ts';
import type { Children } from '../../src/run/tasks/children.ts';

export function inProcess(dependencies: TaskDependencies): Children {
  const carryOut = carryOutWith(dependencies);
  return {
    async take() {
      let current = new AbortController();
      return {
        do(kind, task, _run, hear = () => {}) {
          current = new AbortController();
          return carryOut(kind, structuredClone(task), current.signal, (told) =>
            hear(structuredClone(told)),
          );
        },
        stop: (why) => current.abort(why),
        release() {},
      };
    },
    close: () => dependencies.reader.destroy(),
  };
}
