/** The process of a child: how it is started, what is sent over its channel, and how it ends. */
import { spawn, type ChildProcess as Spawned } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { PassThrough, type Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { fitting } from '../ground/text.ts';
import { ChildEndedError, endOf, type KillReason } from './end.ts';
import { connectionFlags, environmentOf } from './environment.ts';
import { frameOf, readFrames } from './frames.ts';
import { descendantsOf, kill } from '../ground/processes.ts';
import { sweep } from './processes.ts';
import type { StartMessage, ToChild } from './protocol.ts';

export interface ProcessOptions {
  /** the module that a child runs, and the module that has its bots and remedies */
  entry: URL;
  catalogue: URL;
  /** the memory limit of a child, in MB; its JavaScript heap gets half of it */
  memoryMb: number;
}

/** How many characters of a process's standard error are kept: the newest ones. */
const maxKept = 4_000;

/** How many characters one task may print on standard error: more would keep the worker busy. */
const maxPrinted = 16 * 2 ** 20;

/** For how long the pipes of a process that has ended are read on: another process may hold them open for ever. */
const readOnMs = 250;

export class ChildProcess {
  readonly pid: number | undefined;
  /** Resolves with how the process has ended. */
  readonly ended: Promise<ChildEndedError>;
  /** Resolves when the processes that it started have ended too. */
  readonly swept: Promise<void>;

  readonly #process: Spawned;
  readonly #channel: Duplex;
  readonly #mark = randomBytes(16).toString('hex');
  #stderr = '';
  #printed = 0;
  #killed: KillReason | null = null;
  #hasExited = false;

  /** `onValue` gets each value that comes over the channel. */
  constructor({ entry, catalogue, memoryMb }: ProcessOptions, onValue: (value: unknown) => void) {
    const heap = `--max-old-space-size=${Math.ceil(memoryMb / 2)}`;
    const flags = [heap, ...connectionFlags()];
    this.#process = spawn(process.execPath, [...flags, fileURLToPath(entry), catalogue.href], {
      // A process group of its own: Ctrl-C in a terminal must not reach it, because the worker may want to wait for it.
      detached: true,
      env: environmentOf(this.#mark),
      // Nothing is ever written to the last pipe: when it closes, the child knows that this process is gone.
      stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
    });
    this.pid = this.#process.pid;
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => this.#keepPrinted(text));
    // The channel is missing when the system has no free pipe; then the process was not started.
    this.#channel = (this.#process.stdio?.[3] as Duplex | undefined) ?? new PassThrough();
    this.#channel.on(
      'data',
      readFrames(onValue, (why) => this.refuse(why)),
    );
    // The end of the channel says what happened. It comes with the end of the process, or earlier when a task has
    // closed the channel.
    this.#channel.on('error', () => {});
    this.#channel.on('end', () => setTimeout(() => this.refuse('it is closed'), readOnMs));
    this.ended = this.#end();
    this.swept = this.ended.then(() => sweep(this.#mark));
  }

  send(message: StartMessage | ToChild): void {
    // A child that is just ending receives nothing more; the report of its end says what happened.
    if (this.#channel.writable) this.#channel.write(frameOf(message));
  }

  /** Begins the count of what the next task prints. */
  beginTask(): void {
    this.#printed = 0;
  }

  /** Ends the process, because it sent a bad value; `why` says what is wrong with the value. */
  refuse(why: string): void {
    this.kill(`its worker cannot read what it sent: ${fitting(why, 500)}`, true);
  }

  /**
   * Ends the process at once, whatever it does; `why` becomes the message of its {@link ChildEndedError}.
   * `taskIsToBlame`: the task used more than it may.
   */
  kill(why: string, taskIsToBlame = false): void {
    if (this.#hasExited) return;
    this.#killed ??= { why, taskIsToBlame };
    if (this.pid === undefined) return;
    const descendants = descendantsOf(this.pid);
    // First its process group, which contains most of the processes that a check started.
    kill(-this.pid);
    for (const pid of descendants) kill(pid);
  }

  #keepPrinted(text: string): void {
    const all = this.#stderr + text;
    // The cut is marked, so that the rest of a secret that was cut is recognised.
    this.#stderr = all.length > maxKept ? `…${all.slice(-maxKept)}` : all;
    this.#printed += text.length;
    if (this.#printed > maxPrinted)
      this.kill(`it printed more than ${maxPrinted / 2 ** 20} MB on standard error`, true);
  }

  #end(): Promise<ChildEndedError> {
    const { promise, resolve } = Promise.withResolvers<ChildEndedError>();
    const finish = (error: ChildEndedError) => {
      this.#hasExited = true;
      for (const stream of this.#process.stdio ?? []) stream?.destroy();
      resolve(error);
    };
    this.#process.on('exit', (code, signal) => {
      this.#hasExited = true;
      // A process that it started may hold its pipes open. This ends most of these processes, and then `close` comes
      // soon.
      kill(-this.pid!);
      const report = () => finish(endOf({ code, signal }, this.#stderr, this.#killed));
      const timer = setTimeout(report, readOnMs);
      this.#process.on('close', () => {
        clearTimeout(timer);
        report();
      });
    });
    this.#process.on('error', ({ message }) => finish(new ChildEndedError(message, true)));
    return promise;
  }
}
