/** How long the stop of a process group may take to reach this process. */
const stopMs = 100;

/**
 * Stops the whole job, as the terminal does elsewhere: for Ctrl-Z while a command reads single keys, when the terminal
 * makes no signal of that key. npx, or an older Node that started this process, belongs to the job; if only this process stopped, the
 * shell would go on waiting for the others, and no key would reach any process. `resume` is called once when the job
 * continues; it has to set the raw mode again. It is called soon where no shell could continue the job: then the kernel
 * stops nothing.
 */
export function suspend(resume: () => void): void {
  const { stdin } = process;
  const goOn = () => {
    process.off('SIGCONT', goOn);
    clearTimeout(notStopped);
    stdin.setRawMode(true);
    resume();
  };
  const notStopped = setTimeout(goOn, stopMs);
  process.once('SIGCONT', goOn);
  stdin.setRawMode(false);
  process.kill(0, 'SIGTSTP');
}
