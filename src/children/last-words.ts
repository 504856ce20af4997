/** What a child says on standard error when it ends by itself, and how its worker reads that. */

/** Said last: the child ends itself with SIGKILL afterwards, which comes from outside otherwise. */
const exit = /exit code \d+\s*$/;

const left = 'by what an earlier task had left behind';

/** `isLeft` where the code that ends the process belongs to a task that is over. */
export const exitWords = (code: number, isLeft: boolean): string =>
  `${isLeft ? `ended ${left}\n` : ''}exit code ${code}\n`;

/** Whether its own code ended it. */
export const isOwnEnd = (heard: string): boolean => exit.test(heard);

/** Whether that was code of an earlier task: the task that was under way is not to blame. */
export const isLeftBehind = (heard: string): boolean =>
  new RegExp(`^ended ${left}\\nexit code \\d+\\s*$`, 'm').test(heard);
