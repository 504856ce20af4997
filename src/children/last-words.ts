/** What a child prints on standard error when it ends by itself, and how its worker reads that. */

/**
 * Printed last. Then the child ends itself with SIGKILL; without these words the worker would take it for a signal from
 * outside.
 */
const exit = /exit code \d+\s*$/;

const left = 'by what an earlier task had left behind';

/** `isLeft`: the code that ends the process belongs to a task that has ended. */
export const exitWords = (code: number, isLeft: boolean): string =>
  `${isLeft ? `ended ${left}\n` : ''}exit code ${code}\n`;

/** Whether the child's own code ended it. */
export const isOwnEnd = (heard: string): boolean => exit.test(heard);

/** Whether code of an earlier task ended it: then the current task is not to blame. */
export const isLeftBehind = (heard: string): boolean =>
  new RegExp(`^ended ${left}\\nexit code \\d+\\s*$`, 'm').test(heard);
