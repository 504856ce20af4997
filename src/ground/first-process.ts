import { readlinkSync } from 'node:fs';
import { basename } from 'node:path';

/**
 * The warning about a process 1 that is Node. Process 1, of this machine or this container, becomes the parent of each
 * process whose own parent has ended, and has to collect it when it ends. Node collects only processes that it has
 * started itself; npm and pm2 run on Node.
 */
export const zombieWarning = {
  what: 'process 1 is node: processes that checks start and leave behind become zombies when they end',
  hint: 'put an init before it: `docker run --init`, `init: true` in Compose, `shareProcessNamespace: true` in a pod, or tini',
};

/** Whether process 1 is Node; false where the system does not show it (another user's process, no /proc). */
export function isFirstProcessNode(): boolean {
  if (process.pid === 1) return true;
  try {
    return /^node(js)?\d*$/.test(basename(readlinkSync('/proc/1/exe')));
  } catch {
    return false;
  }
}
