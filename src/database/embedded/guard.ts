/**
 * Ends a throw-away server together with its owner, the process that started it, in whatever way the owner ends. The
 * guard is a shell that reads from a pipe whose other end only the owner holds. When the owner closes the pipe or is
 * killed, the guard stops the server and removes its directory. The server outlives its owner only if the guard is
 * killed as well.
 */
import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { spawnOptions } from './account.ts';

/** The server that a guard stops. */
export interface GuardedServer {
  /** Holds all files of the server. The guard removes it. */
  directory: string;
  /** The server writes its process id to the first line of this file. */
  pidFile: string;
  /**
   * A part of the server's command line: the system reuses process ids, and the guard must not kill another process.
   */
  mark: string;
  signal: 'INT' | 'QUIT' | 'TERM';
}

export interface Guard {
  /** Has the guard stop the server. Resolves when the server and its directory are gone. */
  end(): Promise<void>;
}

const script = `
# Signals to the owner's process tree are not for the guard: it ends when the pipe closes.
trap '' HUP INT QUIT TERM
while read -r line; do :; done
pid=$(head -n 1 "$2" 2>/dev/null)
# In a function $3 would be the function's own argument.
mark=$3
alive() {
  [ -n "$pid" ] || return 1
  if [ -r "/proc/$pid/cmdline" ]; then grep -qsaF -- "$mark" "/proc/$pid/cmdline"
  else ps -o command= -p "$pid" 2>/dev/null | grep -qF -- "$mark"; fi
}
if alive; then kill -s "$4" "$pid"; fi
tries=0
while alive && [ $tries -lt 300 ]; do sleep 0.02; tries=$((tries + 1)); done
if alive; then kill -s KILL "$pid"; fi
rm -rf -- "$1"
`;

/** The guard runs as this process does. */
const ownAccount = undefined;

/** Starts the guard of one server. */
export function startGuard({ directory, pidFile, mark, signal }: GuardedServer): Guard {
  const guard = spawn('/bin/sh', ['-c', script, 'guard', directory, pidFile, mark, signal], {
    ...spawnOptions(ownAccount),
    // The Ctrl-C that ends the owner must not reach the guard.
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
