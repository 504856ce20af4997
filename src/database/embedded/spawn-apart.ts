/** Starts a program that no signal to us reaches: not one to our terminal's or our process group, nor to our children. */
import { spawn, type SpawnOptions } from 'node:child_process';
import { text } from 'node:stream/consumers';

/** Its only parent ends at once, so that a walk down from us (pm2 does one) does not come to it. */
const apart = '"$@" >&2 & echo $!';

/**
 * The id of its process, which is init's child then, in a session of its own, and writes both its outputs to the
 * descriptor `log`. Rejects where it cannot be started; that the program is missing stands in the log.
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
