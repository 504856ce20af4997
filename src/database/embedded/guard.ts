/**
 * Ends a throw-away server together with the process it belongs to, however that one ends. The
 * guard is a shell that waits for the end of a pipe whose other end only its owner holds: closed
 * on purpose or by a SIGKILL, it then stops the server and removes its directory. The server
 * outlives its owner only if the guard itself is killed as well.
 */
import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { spawnOptions } from './account.ts';

export interface Guarded {
  /** Holds all that is the server's; removed at the end. */
  directory: string;
  /** The server writes its process id to the first line of this file. */
  pidFile: string;
  /** A part of its command line: numbers are used again, and strangers must not be killed. */
  mark: string;
  signal: 'INT' | 'QUIT' | 'TERM';
}

export interface Guard {
  /** Resolves when server and directory are gone. */
  end(): Promise<void>;
}

const script = `
# Told to the tree of its owner, these are for the owner: it ends with the pipe.
trap '' HUP INT QUIT TERM
while read -r line; do :; done
pid=$(head -n 1 "$2" 2>/dev/null)
alive() { grep -qsF -- "$3" "/proc/$pid/cmdline"; }
if alive; then kill -s "$4" "$pid"; fi
tries=0
while alive && [ $tries -lt 300 ]; do sleep 0.02; tries=$((tries + 1)); done
if alive; then kill -s KILL "$pid"; fi
rm -rf -- "$1"
`;

export function startGuard({ directory, pidFile, mark, signal }: Guarded): Guard {
  const guard = spawn('/bin/sh', ['-c', script, 'guard', directory, pidFile, mark, signal], {
    ...spawnOptions(undefined),
    // Out of reach of the Ctrl-C that ends its owner.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const ended = new Promise<void>((resolve, reject) => {
    guard.on('error', reject).on('exit', () => resolve());
  });
  ended.catch(() => {});
  guard.unref();
  (guard.stdin as Socket).on('error', () => {}).unref();
  return {
    end() {
      guard.ref();
      guard.stdin.end();
      return ended;
    },
  };
}
