/** A worker's end of one child process. */
import { fork, type ChildProcess } from 'node:child_process';
import { getCompileCacheDir } from 'node:module';
import type { Fenced } from '../../data/bots/fence.ts';
import { FaultError } from '../../data/fault-behind.ts';
import { fitting } from '../../text.ts';
import type { Stop } from '../run.ts';
import type { Beginning, FromChild, Kind, Tasks, ToChild } from './task.ts';
import { errorOf } from './thrown.ts';

export interface ChildOptions extends Beginning {
  /** the module that a child runs, and the one that has its bots and remedies */
  entry: URL;
  catalogue: URL;
  /** most that a child may hold in memory, in MB; its JavaScript heap gets half of it */
  memoryMb: number;
}

/**
 * The process ended before its task was done; the message says how. Its cause is a {@link FaultError} where the task
 * is not to blame.
 */
export class ChildEndedError extends Error {
  override readonly name = 'ChildEndedError';

  constructor(how: string, isFault: boolean) {
    super(how, { cause: isFault ? new FaultError('process', how) : undefined });
  }
}

/**
 * Signals that come from outside of a process: an operator's, a process manager's, and SIGKILL, which is also the
 * kernel's when the machine runs out of memory. A task that sends SIGKILL to its own process cannot be told apart.
 * All others, as SIGSEGV and SIGABRT, are the process' own crash.
 */
const fromOutside = new Set<NodeJS.Signals | null>([
  'SIGKILL',
  'SIGTERM',
  'SIGINT',
  'SIGHUP',
  'SIGQUIT',
]);

/** What a child says last that ends by its own code (src/bin/child.ts), which then ends it with SIGKILL. */
const ownEnd = /exit code \d+\s*$/;

/** What is printed on standard error when a process dies is kept up to here. */
const mostHeard = 4_000;

interface Pending {
  id: number;
  run: Fenced | undefined;
  settled: Promise<unknown>;
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

export class Child {
  readonly name: string;
  readonly pid: number | undefined;
  /** Settles when the child takes tasks; rejects when it ended before. */
  readonly ready: Promise<void>;
  /** Resolves when the process is gone. */
  readonly ended: Promise<void>;
  /** tasks that it was given */
  tasks = 0;
  isEnded = false;

  readonly #process: ChildProcess;
  #pending: Pending | null = null;
  #heard = '';
  #killedFor: string | null = null;
  #taskIsToBlame = false;

  constructor({ entry, catalogue, memoryMb, ...beginning }: ChildOptions) {
    this.name = beginning.name;
    this.#process = fork(entry, [catalogue.href], {
      serialization: 'advanced',
      // A group of its own: Ctrl-C in a terminal is for the worker, which may want to wait for it.
      detached: true,
      // No settings and no secrets that it does not need.
      env: environment(),
      execArgv: [`--max-old-space-size=${Math.ceil(memoryMb / 2)}`],
      // The last one is never written to: its end tells the child that this process is gone.
      stdio: ['ignore', 'ignore', 'pipe', 'ipc', 'pipe'],
    });
    this.pid = this.#process.pid;
    this.#process.stderr!.setEncoding('utf8').on('data', (text: string) => {
      const heard = this.#heard + text;
      // The cut is marked: what it leaves of a secret is known by that.
      this.#heard = heard.length > mostHeard ? `…${heard.slice(-mostHeard)}` : heard;
    });
    const ready = Promise.withResolvers<void>();
    this.ready = ready.promise;
    this.#process.on('message', (message: FromChild) => {
      if (message === 'ready') ready.resolve();
      else this.#settle(message);
    });
    this.ended = new Promise<void>((resolve) => {
      const end = (how: string, isFault: boolean) => {
        this.kill(how);
        this.isEnded = true;
        const error = new ChildEndedError(how, isFault);
        ready.reject(error);
        this.#pending?.reject(error);
        this.#pending = null;
        resolve();
      };
      // `close` comes after the last words on standard error, `error` when it could not be started.
      this.#process.on('close', (code, signal) =>
        end(this.#obituary(code, signal), this.#isFault(signal)),
      );
      this.#process.on('error', (error) => end(error.message, true));
    });
    this.#send(beginning);
  }

  get isBusy(): boolean {
    return this.#pending !== null;
  }

  /** Resolves when the task that is under way has ended, however it did. */
  settled(): Promise<unknown> {
    return this.#pending?.settled ?? Promise.resolve();
  }

  /** Rejects with what the task threw, with LostRunError when its run was taken over, or with {@link ChildEndedError}. */
  do<K extends Kind>(kind: K, task: Tasks[K]['task'], run?: Fenced): Promise<Tasks[K]['result']> {
    if (this.isEnded) return Promise.reject(new ChildEndedError('its process has ended', true));
    if (this.#pending) return Promise.reject(new Error('it has a task already'));
    this.tasks += 1;
    const id = this.tasks;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#pending = { id, run, settled: Promise.allSettled([promise]), resolve, reject };
    this.#send({ id, kind, task });
    return promise as Promise<Tasks[K]['result']>;
  }

  /** Aborts the signal of what is under way. */
  stop(why: Stop): void {
    this.#send({ stop: why });
  }

  /**
   * Ends the process at once, whatever it does; `why` becomes the message of its {@link ChildEndedError}.
   * `taskIsToBlame` where the task went beyond what it may take.
   */
  kill(why: string, taskIsToBlame = false): void {
    if (this.#killedFor === null) this.#taskIsToBlame = taskIsToBlame;
    this.#killedFor ??= why;
    if (this.isEnded || this.pid === undefined) return;
    try {
      // Its group: what a check started ends with it.
      process.kill(-this.pid, 'SIGKILL');
    } catch {
      // It is gone already.
    }
  }

  #send(message: Beginning | ToChild): void {
    // A child that is just ending cannot be told anything; its end says the rest.
    if (this.#process.connected) this.#process.send(message, () => {});
  }

  #settle(message: Exclude<FromChild, 'ready'>): void {
    const pending = this.#pending;
    if (pending?.id !== message.id) return;
    this.#pending = null;
    if ('result' in message) pending.resolve(message.result);
    else pending.reject(errorOf(message.thrown, pending.run));
  }

  #isFault(signal: NodeJS.Signals | null): boolean {
    if (this.#killedFor !== null) return !this.#taskIsToBlame;
    return fromOutside.has(signal) && !ownEnd.test(this.#heard);
  }

  #obituary(code: number | null, signal: NodeJS.Signals | null): string {
    if (this.#killedFor !== null) return `its process was ended: ${this.#killedFor}`;
    const heard = this.#heard.trim();
    if (/heap out of memory|Array buffer allocation failed/.test(heard))
      return 'its process ended: it ran out of memory';
    return fitting(`its process ended: ${heard || (signal ?? `exit code ${code}`)}`, 2_000);
  }
}

/** Where programs and certificates are found and how time and text are read, nothing else. */
function environment(): NodeJS.ProcessEnv {
  const wanted = ['PATH', 'HOME', 'TMPDIR', 'TZ', 'LANG', 'LC_ALL', 'NODE_EXTRA_CA_CERTS'];
  const compiled = getCompileCacheDir();
  return {
    ...Object.fromEntries(
      wanted.flatMap((name) =>
        process.env[name] === undefined ? [] : [[name, process.env[name]]],
      ),
    ),
    // A start is mostly the compiling of modules; where this process remembers it, its children do.
    ...(compiled === undefined ? {} : { NODE_COMPILE_CACHE: compiled }),
  };
}
