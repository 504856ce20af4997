/** What a child prints on standard error when it ends by itself, and how its worker reads that. */

/**
 * The last line that a child prints before it ends itself with SIGKILL. Without this line the worker would think that the
 * signal came from outside.
 */
const exitLine = /exit code \d+\s*$/;

const leftBehindWords = 'by what an earlier task had left behind';

/** What a child prints when it ends itself. `isLeft`: the code that ends it belongs to a task that has ended. */
export const exitWords = (code: number, isLeft: boolean): string =>
  `${isLeft ? `ended ${leftBehindWords}\n` : ''}exit code ${code}\n`;

/** Whether the child ended itself, according to what it printed. */
export const isOwnEnd = (heard: string): boolean => exitLine.test(heard);

/** Whether code of an earlier task ended it: then the current task is not to blame. */
export const isLeftBehind = (heard: string): boolean =>
  new RegExp(`^ended ${leftBehindWords}\\nexit code \\d+\\s*$`, 'm').test(heard);
