/** The process of a child: how it is started, what goes over its channel, and how it ends. */
import { spawn, type ChildProcess as Spawned } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { PassThrough, type Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { fitting } from '../ground/text.ts';
import { ChildEndedError, endOf, type Killed } from './end.ts';
import { connectionFlags, environmentOf } from './environment.ts';
import { frameOf, readFrames } from './frames.ts';
import { descendantsOf, kill, sweep } from './processes.ts';
import type { Beginning, ToChild } from './protocol.ts';

export interface ProcessOptions {
  /** the module that a child runs, and the one that has its bots and remedies */
  entry: URL;
  catalogue: URL;
  /** most that a child may hold in memory, in MB; its JavaScript heap gets half of it */
  memoryMb: number;
}

/** What is printed on standard error when a process dies is kept up to here. */
const mostHeard = 4_000;

/** More characters of one task than this on standard error would keep the worker busy. */
const mostPrinted = 16 * 2 ** 20;

/** Pipes of a process that has ended are read for so long: another process may hold them open for ever. */
const lastWordsMs = 250;

export class ChildProcess {
  readonly pid: number | undefined;
  /** Resolves with how the process has ended. */
  readonly ended: Promise<ChildEndedError>;
  /** Resolves when what it has started has ended too. */
  readonly swept: Promise<void>;

  readonly #process: Spawned;
  readonly #channel: Duplex;
  readonly #mark = randomBytes(16).toString('hex');
  #heard = '';
  #printed = 0;
  #killed: Killed | null = null;
  #hasExited = false;

  /** `onValue` gets each value that comes over the channel. */
  constructor({ entry, catalogue, memoryMb }: ProcessOptions, onValue: (value: unknown) => void) {
    const heap = `--max-old-space-size=${Math.ceil(memoryMb / 2)}`;
    const flags = [heap, ...connectionFlags()];
    this.#process = spawn(process.execPath, [...flags, fileURLToPath(entry), catalogue.href], {
      // A group of its own: Ctrl-C in a terminal is for the worker, which may want to wait for it.
      detached: true,
      env: environmentOf(this.#mark),
      // The last one is never written to: its end tells the child that this process is gone.
      stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
    });
    this.pid = this.#process.pid;
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => this.#hear(text));
    // Without any where the system has no pipe left; then the process was not started.
    this.#channel = (this.#process.stdio?.[3] as Duplex | undefined) ?? new PassThrough();
    this.#channel.on(
      'data',
      readFrames(onValue, (why) => this.refuse(why)),
    );
    // Its end says the rest: it comes with that of the process, or before, when a task has closed it.
    this.#channel.on('error', () => {});
    this.#channel.on('end', () => setTimeout(() => this.refuse('it is closed'), lastWordsMs));
    this.ended = this.#end();
    this.swept = this.ended.then(() => sweep(this.#mark));
  }

  send(message: Beginning | ToChild): void {
    // A child that is just ending cannot be told anything; its end says the rest.
    if (this.#channel.writable) this.#channel.write(frameOf(message));
  }

  /** What is printed from now on is the next task's. */
  beginTask(): void {
    this.#printed = 0;
  }

  /** Ends it, because `why` says what is wrong with a value that it sent. */
  refuse(why: string): void {
    this.kill(`what it sent its worker cannot be read: ${fitting(why, 500)}`, true);
  }

  /**
   * Ends the process at once, whatever it does; `why` becomes the message of its {@link ChildEndedError}.
   * `taskIsToBlame` where the task went beyond what it may take.
   */
  kill(why: string, taskIsToBlame = false): void {
    if (this.#hasExited) return;
    this.#killed ??= { why, taskIsToBlame };
    if (this.pid === undefined) return;
    const below = descendantsOf(this.pid);
    // Its group first: what a check started ends with it.
    kill(-this.pid);
    for (const pid of below) kill(pid);
  }

  #hear(text: string): void {
    const heard = this.#heard + text;
    // The cut is marked: what it leaves of a secret is known by that.
    this.#heard = heard.length > mostHeard ? `…${heard.slice(-mostHeard)}` : heard;
    this.#printed += text.length;
    if (this.#printed > mostPrinted)
      this.kill(`it printed more than ${mostPrinted / 2 ** 20} MB on standard error`, true);
  }

  #end(): Promise<ChildEndedError> {
    const { promise, resolve } = Promise.withResolvers<ChildEndedError>();
    const over = (error: ChildEndedError) => {
      this.#hasExited = true;
      for (const stream of this.#process.stdio ?? []) stream?.destroy();
      resolve(error);
    };
    this.#process.on('exit', (code, signal) => {
      this.#hasExited = true;
      // What it started may hold its pipes open. This ends most of it, and `close` comes soon.
      kill(-this.pid!);
      const say = () => over(endOf({ code, signal }, this.#heard, this.#killed));
      const waited = setTimeout(say, lastWordsMs);
      this.#process.on('close', () => {
        clearTimeout(waited);
        say();
      });
    });
    this.#process.on('error', ({ message }) => over(new ChildEndedError(message, true)));
    return promise;
  }
}
