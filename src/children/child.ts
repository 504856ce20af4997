/** A worker's end of one child process: one task at a time, and what the child says about itself between them. */
import type { Fenced } from '../data/bots/fence.ts';
import { completeUrl } from '../ground/complete-url.ts';
import { messageOf } from '../ground/errors.ts';
import { ChildProcess, type ProcessOptions } from './child-process.ts';
import { ChildEndedError } from './end.ts';
import { readMessage } from './message.ts';
import type { Beginning, FromChild, Rest, Stop } from './protocol.ts';
import { errorOf } from './thrown.ts';

/** What a worker knows of the tasks that its children carry out. */
export interface TaskRules {
  /** whose code carries a task out: what a task changes in its process, no other code may find there */
  codeOf(kind: string, task: unknown): string;
  /** The result of a task as its child has sent it. Throws an Error that says why it is none. */
  readAnswer(kind: string, task: unknown, value: unknown): unknown;
}

export interface ChildOptions extends Beginning, ProcessOptions, TaskRules {}

/** A child looks after itself for so long at most after a task; usually it takes less than a millisecond. */
const restWithinMs = 5_000;

/** So many tasks of the same code may share what it changes in its process. */
const mostUninspected = 64;

interface Pending {
  id: number;
  settled: Promise<unknown>;
  /** throws where it is no result of the task */
  read(result: unknown): unknown;
  run: Fenced | undefined;
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

/** The task that a child was given last, and whose code it is. */
export interface Last {
  kind: string;
  task: unknown;
  code: string;
}

export class Child {
  readonly name: string;
  /** Settles when the child takes tasks; rejects when it ended before. */
  readonly ready: Promise<void>;
  /** Resolves when the process has ended. */
  readonly ended: Promise<void>;
  /** tasks that it was given */
  tasks = 0;
  last: Last | null = null;
  isEnded = false;

  /** what it held when it was ready, and before the task that it has now */
  #atReady: Rest | null = null;
  #atRest: Rest | null = null;
  /** tasks since it was looked at as a whole */
  #uninspected = 0;
  readonly #process: ChildProcess;
  readonly #rules: TaskRules;
  readonly #isReady = Promise.withResolvers<void>();
  #pending: Pending | null = null;
  #resting: { id: number; resolve(rest: Rest | null): void } | null = null;
  #rested: Promise<Rest | null> = Promise.resolve(null);

  constructor({ databaseUrl, name, codeOf, readAnswer, ...options }: ChildOptions) {
    this.name = name;
    this.#rules = { codeOf, readAnswer };
    this.ready = this.#isReady.promise;
    this.#process = new ChildProcess(options, (value) => this.#hear(value));
    this.ended = this.#process.ended.then((error) => this.#end(error));
    // Its environment holds no settings: the address says all of them.
    this.#process.send({ databaseUrl: completeUrl(databaseUrl, process.env), name });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Resolves when what its tasks have started has ended, too. */
  get swept(): Promise<void> {
    return this.#process.swept;
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

  /** Whether it has to be looked at as a whole before it carries out `code`; without it, before any other code. */
  wantsInspection(code?: string): boolean {
    if (this.#uninspected === 0) return false;
    return code !== this.last?.code || this.#uninspected >= mostUninspected;
  }

  /** Resolves when the task that is under way has ended, however it did. */
  settled(): Promise<unknown> {
    return this.#pending?.settled ?? Promise.resolve();
  }

  /**
   * Resolves when it has come to rest after its task, with what goes on in it; null when it has ended, or had no task
   * yet.
   */
  rested(): Promise<Rest | null> {
    return this.#rested;
  }

  /** Asks it to look at all that its tasks may have changed; null when it has ended. Only once it has rested. */
  inspect(): Promise<Rest | null> {
    if (this.isEnded) return Promise.resolve(null);
    this.#uninspected = 0;
    this.#rest(this.tasks);
    this.#process.send({ inspect: this.tasks });
    return this.#rested;
  }

  /** Rejects with what the task threw, with LostRunError when its run was taken over, or with {@link ChildEndedError}. */
  do(kind: string, task: unknown, run?: Fenced): Promise<unknown> {
    if (this.isEnded) return Promise.reject(new ChildEndedError('its process has ended', true));
    if (this.#pending || this.#resting) return Promise.reject(new Error('it has a task already'));
    this.tasks += 1;
    this.#uninspected += 1;
    this.last = { kind, task, code: this.#rules.codeOf(kind, task) };
    this.#process.beginTask();
    const id = this.tasks;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const settled = Promise.allSettled([promise]);
    const read = (result: unknown) => this.#rules.readAnswer(kind, task, result);
    this.#pending = { id, run, settled, read, resolve, reject };
    this.#process.send({ id, kind, task });
    return promise;
  }

  /** Aborts the signal of what is under way. */
  stop(why: Stop): void {
    this.#process.send({ stop: why });
  }

  /** See {@link ChildProcess.kill}. */
  kill(why: string, taskIsToBlame = false): void {
    this.#process.kill(why, taskIsToBlame);
  }

  #hear(value: unknown): void {
    const message = readMessage(value);
    if (!message) this.#process.refuse('it is none of its messages');
    else if ('ready' in message) {
      this.#atReady ??= message.ready;
      this.#isReady.resolve();
    } else if ('rest' in message) this.#takeRest(message.id, message.rest);
    else this.#takeAnswer(message);
  }

  #takeAnswer(message: Extract<FromChild, { result: unknown } | { thrown: unknown }>): void {
    const pending = this.#pending;
    if (pending?.id !== message.id) return this.#process.refuse('it is about no task that it has');
    if ('thrown' in message) {
      this.#pending = null;
      this.#rest(pending.id);
      return pending.reject(errorOf(message.thrown, pending.run));
    }
    let result: unknown;
    try {
      result = pending.read(message.result);
    } catch (error) {
      return this.#process.refuse(messageOf(error));
    }
    this.#pending = null;
    this.#rest(pending.id);
    pending.resolve(result);
  }

  /** It takes no task until it has said what it found out about itself. */
  #rest(id: number): void {
    const { promise, resolve } = Promise.withResolvers<Rest | null>();
    this.#resting = { id, resolve };
    this.#rested = promise;
    const late = setTimeout(
      () => this.kill('it did not come to rest after its task'),
      restWithinMs,
    );
    void promise.then(() => clearTimeout(late));
  }

  #takeRest(id: number, rest: Rest): void {
    if (this.#resting?.id !== id) return this.#process.refuse('it is about no task that it had');
    this.#atRest = rest;
    this.#resting.resolve(rest);
    this.#resting = null;
  }

  #end(error: ChildEndedError): void {
    this.isEnded = true;
    this.#isReady.reject(error);
    this.#pending?.reject(error);
    this.#pending = null;
    this.#resting?.resolve(null);
    this.#resting = null;
  }
}
