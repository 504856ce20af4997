/**
 * Checks and remedies in the test's own process, done by the same code that a child runs, so that they
 * can be closures over what a test knows. How children themselves behave is test/children's matter.
 */
import { carryOutWith, type TaskDependencies } from '../../src/run/tasks/carry-out.ts';
import type { Children } from '../../src/run/tasks/children.ts';

export function inProcess(dependencies: TaskDependencies): Children {
  const carryOut = carryOutWith(dependencies);
  return {
    async take() {
      let current = new AbortController();
      return {
        do(kind, task) {
          current = new AbortController();
          return carryOut(kind, structuredClone(task), current.signal);
        },
        stop: (why) => current.abort(why),
        release() {},
      };
    },
    close: () => dependencies.reader.destroy(),
  };
}
