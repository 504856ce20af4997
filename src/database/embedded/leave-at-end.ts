/**
 * Leaves the embedded server for a process that ends without leaving it: by a signal (Ctrl-C in `bots list`, a closed
 * terminal), at once because it was asked to stop twice, or by an unexpected error. Otherwise the server would keep
 * running.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { moduleBeside } from '../../ground/module-beside.ts';
import { hasTerminal } from '../../ground/terminal.ts';

const signals = ['SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGHUP'] as const;

/** The homes whose servers this process uses, each as often as it has joined. */
const homes = new Map<string, number>();

/**
 * Starts another process, which waits for the end of this one and then stops each server that no other process uses.
 */
function startLeaveProcess(): void {
  const entry = fileURLToPath(moduleBeside('../../bin/leave-embedded', import.meta.url));
  for (const home of homes.keys())
    spawn(process.execPath, [entry, home, String(process.pid)], {
      detached: true,
      stdio: 'ignore',
    })
      .on('error', () => {})
      .unref();
  forgetAll();
}

/** Ends the process as the signal itself does, unless the command has a listener of its own for it. */
function endAt(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) > 1) return;
  // `nohup` and service managers start a process without a terminal, which goes on after SIGHUP.
  if (signal === 'SIGHUP' && !hasTerminal) return;
  startLeaveProcess();
  process.kill(process.pid, signal);
}

function forgetAll(): void {
  homes.clear();
  process.off('exit', startLeaveProcess);
  for (const signal of signals) process.off(signal, endAt);
}

/**
 * From now on, when this process ends in any way but SIGKILL, the server in `home` is stopped unless another process uses
 * it. Call the result to undo this.
 */
export function leaveAtEnd(home: string): () => void {
  if (homes.size === 0) {
    process.on('exit', startLeaveProcess);
    for (const signal of signals) process.on(signal, endAt);
  }
  homes.set(home, (homes.get(home) ?? 0) + 1);
  let isOver = false;
  return () => {
    const left = (homes.get(home) ?? 0) - 1;
    if (isOver || left < 0) return;
    isOver = true;
    if (left > 0) homes.set(home, left);
    else homes.delete(home);
    if (homes.size === 0) forgetAll();
  };
}
