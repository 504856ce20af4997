/**
 * Starts a program that no signal to us reaches: no signal to our terminal, to our process group, or to our children.
 */
import { spawn, type SpawnOptions } from 'node:child_process';
import { text } from 'node:stream/consumers';

/**
 * Its only parent, this shell, ends at once: a tool that walks from us to our descendants (as pm2 does) does not find
 * the program.
 */
const apart = '"$@" >&2 & echo $!';

/**
 * Returns the id of the new process. It is a child of init in a session of its own, and writes both its outputs to
 * the descriptor `log`. Rejects where it cannot be started; if the program itself is missing, the log says so.
 */
export async function spawnApart(
  program: string,
  args: string[],
  { log, ...options }: SpawnOptions & { log: number },
): Promise<number> {
  const shell = spawn('/bin/sh', ['-c', apart, 'apart', program, ...args], {
    ...options,
    detached: true,
    stdio: ['ignore', 'pipe', log],
  });
  const failed = new Promise<never>((_, reject) => shell.on('error', reject));
  const pid = Number(await Promise.race([text(shell.stdout!), failed]));
  if (!pid) throw new Error(`${program} could not be started: /bin/sh gave no process`);
  return pid;
}
