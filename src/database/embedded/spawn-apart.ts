/**
 * Starts a program that no signal to this process reaches: no signal to its terminal, to its process group, or to its
 * children.
 */
import { spawn, type SpawnOptions } from 'node:child_process';
import { text } from 'node:stream/consumers';

/**
 * The program's parent, this shell, ends at once: a tool that walks from this process to its descendants (as pm2 does)
 * does not find the program.
 */
const apart = '"$@" >&2 & echo $!';

/**
 * Returns the id of the new process. It is a child of init in a session of its own, and writes both its outputs to
 * the descriptor `log`. Rejects when the shell cannot be started; if the program itself is missing, the log says so.
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
