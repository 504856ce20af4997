/** A worker's end of one child process. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { PassThrough, type Duplex } from 'node:stream';
import type { Fenced } from '../../data/bots/fence.ts';
import { messageOf } from '../../errors.ts';
import { fitting } from '../../text.ts';
import type { Stop } from '../run.ts';
import { ChildEndedError, endOf, type Killed } from './end.ts';
import { environmentOf } from './environment.ts';
import { frameOf, readFrames } from './frames.ts';
import { readAnswer, readMessage } from './message.ts';
import { descendantsOf, kill, sweep } from './processes.ts';
import type { Beginning, FromChild, Kind, Rest, Tasks, ToChild } from './task.ts';
import { errorOf } from './thrown.ts';

export interface ChildOptions extends Beginning {
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

/** A child looks after itself for so long at most after a task; usually it takes less than a millisecond. */
const restWithinMs = 5_000;

interface Pending {
  id: number;
  settled: Promise<unknown>;
  /** throws where it is no result of the task */
  read(result: unknown): unknown;
  run: Fenced | undefined;
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

export class Child {
  readonly name: string;
  readonly pid: number | undefined;
  /** Settles when the child takes tasks; rejects when it ended before. */
  readonly ready: Promise<void>;
  /** Resolves when the process has ended. */
  readonly ended: Promise<void>;
  /** Resolves when what its tasks have started has ended too. */
  readonly swept: Promise<void>;
  /** tasks that it was given */
  tasks = 0;
  isEnded = false;

  /** what it held when it was ready, and before the task that it has now */
  #atReady: Rest | null = null;
  #atRest: Rest | null = null;
  readonly #process: ChildProcess;
  readonly #channel: Duplex;
  readonly #mark = randomBytes(16).toString('hex');
  #pending: Pending | null = null;
  #resting: { id: number; resolve(rest: Rest | null): void } | null = null;
  #rested: Promise<Rest | null> = Promise.resolve(null);
  #heard = '';
  #printed = 0;
  #killed: Killed | null = null;
  #hasExited = false;

  constructor({ entry, catalogue, memoryMb, databaseUrl, name }: ChildOptions) {
    this.name = name;
    const heap = `--max-old-space-size=${Math.ceil(memoryMb / 2)}`;
    this.#process = spawn(process.execPath, [heap, fileURLToPath(entry), catalogue.href], {
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
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.ready = promise;
    this.#listen(resolve);
    this.ended = this.#end((error) => {
      reject(error);
      this.#pending?.reject(error);
      this.#pending = null;
      this.#resting?.resolve(null);
      this.#resting = null;
    });
    this.swept = this.#sweep();
    this.#send({ databaseUrl, name });
  }

  get isBusy(): boolean {
    return this.#pending !== null;
  }

  /** Memory that earlier tasks have left, in MB: the one under way did not take it. */
  get leftMb(): { heap: number; resident: number } {
    const [rest, ready] = [this.#atRest, this.#atReady];
    if (!rest || !ready) return { heap: 0, resident: 0 };
    const { heapMb, residentMb } = ready;
    return {
      heap: Math.max(0, rest.heapMb - heapMb),
      resident: Math.max(0, rest.residentMb - residentMb),
    };
  }

  /** Resolves when the task that is under way has ended, however it did. */
  settled(): Promise<unknown> {
    return this.#pending?.settled ?? Promise.resolve();
  }

  /** Resolves when it can take the next task, with what it found out about itself; null when it has ended. */
  rested(): Promise<Rest | null> {
    return this.#rested;
  }

  /** Rejects with what the task threw, with LostRunError when its run was taken over, or with {@link ChildEndedError}. */
  do<K extends Kind>(kind: K, task: Tasks[K]['task'], run?: Fenced): Promise<Tasks[K]['result']> {
    if (this.isEnded) return Promise.reject(new ChildEndedError('its process has ended', true));
    if (this.#pending || this.#resting) return Promise.reject(new Error('it has a task already'));
    this.tasks += 1;
    this.#printed = 0;
    const id = this.tasks;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const settled = Promise.allSettled([promise]);
    const read = (result: unknown) => readAnswer(kind, task, result);
    this.#pending = { id, run, settled, read, resolve, reject };
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
    if (this.#hasExited) return;
    this.#killed ??= { why, taskIsToBlame };
    if (this.pid === undefined) return;
    const below = descendantsOf(this.pid);
    // Its group first: what a check started ends with it.
    kill(-this.pid);
    for (const pid of below) kill(pid);
  }

  #send(message: Beginning | ToChild): void {
    // A child that is just ending cannot be told anything; its end says the rest.
    if (this.#channel.writable) this.#channel.write(frameOf(message));
  }

  #hear(text: string): void {
    const heard = this.#heard + text;
    // The cut is marked: what it leaves of a secret is known by that.
    this.#heard = heard.length > mostHeard ? `…${heard.slice(-mostHeard)}` : heard;
    this.#printed += text.length;
    if (this.#printed > mostPrinted)
      this.kill(`it printed more than ${mostPrinted / 2 ** 20} MB on standard error`, true);
  }

  #listen(ready: () => void): void {
    const read = readFrames(
      (value) => {
        const message = readMessage(value);
        if (!message) this.#refuse('it is none of its messages');
        else if ('ready' in message) {
          this.#atReady ??= message.ready;
          ready();
        } else this.#take(message);
      },
      (why) => this.#refuse(why),
    );
    this.#channel.on('data', read);
    // Its end says the rest: it comes with that of the process, or before, when a task has closed it.
    this.#channel.on('error', () => {});
    this.#channel.on('end', () => setTimeout(() => this.#refuse('it is closed'), lastWordsMs));
  }

  #refuse(why: string): void {
    this.kill(`what it sent its worker cannot be read: ${fitting(why, 500)}`, true);
  }

  #take(message: Exclude<FromChild, { ready: Rest }>): void {
    if ('rest' in message) return this.#rest(message.id, message.rest);
    const pending = this.#pending;
    if (pending?.id !== message.id) return this.#refuse('it is about no task that it has');
    if ('thrown' in message) {
      this.#tidy(pending.id);
      return pending.reject(errorOf(message.thrown, pending.run));
    }
    let result: unknown;
    try {
      result = pending.read(message.result);
    } catch (error) {
      return this.#refuse(messageOf(error));
    }
    this.#tidy(pending.id);
    pending.resolve(result);
  }

  /** The task is over; the child says when it can take the next one. */
  #tidy(id: number): void {
    this.#pending = null;
    const { promise, resolve } = Promise.withResolvers<Rest | null>();
    this.#resting = { id, resolve };
    this.#rested = promise;
    const late = setTimeout(
      () => this.kill('it did not come to rest after its task'),
      restWithinMs,
    );
    void promise.then(() => clearTimeout(late));
  }

  #rest(id: number, rest: Rest): void {
    if (this.#resting?.id !== id) return this.#refuse('it is about no task that it had');
    this.#atRest = rest;
    this.#resting.resolve(rest);
    this.#resting = null;
  }

  async #sweep(): Promise<void> {
    await this.ended;
    await sweep(this.#mark);
  }

  /** Resolves when the process has ended, after `onEnd`. */
  #end(onEnd: (error: ChildEndedError) => void): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const over = (error: ChildEndedError) => {
      if (this.isEnded) return;
      this.#hasExited = true;
      this.isEnded = true;
      for (const stream of this.#process.stdio ?? []) stream?.destroy();
      onEnd(error);
      resolve();
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
