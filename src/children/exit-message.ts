/** What a child prints on standard error when it ends by itself, and how its worker reads that. */

/**
 * The last line that a child prints before it ends itself with SIGKILL. Without this line the worker would think that the
 * signal came from outside.
 */
const exitLine = /exit code \d+\s*$/;

const leftBehindPhrase = 'by what an earlier task had left behind';

/** What a child prints when it ends itself. `isLeft`: the code that ends it belongs to a task that has ended. */
export const exitMessage = (code: number, isLeft: boolean): string =>
  `${isLeft ? `ended ${leftBehindPhrase}\n` : ''}exit code ${code}\n`;

/** Whether the child ended itself, according to what it printed. */
export const endedItself = (printed: string): boolean => exitLine.test(printed);

/** Whether code of an earlier task ended it: then the current task is not to blame. */
export const endedByEarlierTask = (printed: string): boolean =>
  new RegExp(`^ended ${leftBehindPhrase}\\nexit code \\d+\\s*$`, 'm').test(printed);
