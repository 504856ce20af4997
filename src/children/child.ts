/**
 * A worker's end of one child process: it gives the child one task at a time, and reads what the child reports about
 * itself between tasks.
 */
import type { Fenced } from '../data/bots/fence.ts';
import { completeUrl } from '../ground/addresses/complete-url.ts';
import { messageOf } from '../ground/errors.ts';
import { ChildProcess, type ProcessOptions } from './child-process.ts';
import { ChildEndedError } from './end.ts';
import { readMessage } from './message.ts';
import type { StartMessage, FromChild, IdleReport, Stop } from './protocol.ts';
import { errorOf } from './thrown.ts';

/** What a worker knows of the tasks that its children carry out. */
export interface TaskRules {
  /**
   * The owner of the code that carries out this task. Code of another owner must not run in a process that this task has
   * changed.
   */
  codeOf(kind: string, task: unknown): string;
  /** Reads the result of a task from the value that the child sent. Throws an Error that says why it is not valid. */
  readAnswer(kind: string, task: unknown, value: unknown): unknown;
}

export interface ChildOptions extends StartMessage, ProcessOptions, TaskRules {}

/** How long a child may take to find its changes after a task; usually it takes less than a millisecond. */
const reportTimeoutMs = 5_000;

/** A child is inspected at the latest after this many tasks of the same code. */
const maxUninspected = 64;

interface Pending {
  id: number;
  taskEnded: Promise<unknown>;
  /** throws when the value is not a valid result of the task */
  read(result: unknown): unknown;
  run: Fenced | undefined;
  onUpdate: (update: unknown) => void;
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

/** The last task that a child was given, and the owner of the task's code. */
export interface LastTask {
  kind: string;
  task: unknown;
  code: string;
}

export class Child {
  readonly name: string;
  /** Resolves when the child takes tasks; rejects when it ended before that. */
  readonly ready: Promise<void>;
  /** Resolves when the process has ended. */
  readonly ended: Promise<void>;
  /** how many tasks it was given */
  tasks = 0;
  last: LastTask | null = null;
  isEnded = false;

  /** the memory that it held when it was ready, and before its current task */
  #firstReport: IdleReport | null = null;
  #lastReport: IdleReport | null = null;
  /** tasks since the last inspection */
  #uninspected = 0;
  readonly #process: ChildProcess;
  readonly #rules: TaskRules;
  readonly #isReady = Promise.withResolvers<void>();
  #pending: Pending | null = null;
  #awaited: { id: number; resolve(report: IdleReport | null): void } | null = null;
  #idle: Promise<IdleReport | null> = Promise.resolve(null);

  constructor({ databaseUrl, name, codeOf, readAnswer, ...options }: ChildOptions) {
    this.name = name;
    this.#rules = { codeOf, readAnswer };
    this.ready = this.#isReady.promise;
    this.#process = new ChildProcess(options, (value) => this.#receive(value));
    this.ended = this.#process.ended.then((error) => this.#end(error));
    // The child's environment contains no settings of the connection, so the address has to contain all of them.
    this.#process.send({ databaseUrl: completeUrl(databaseUrl, process.env), name });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Resolves when the processes that its tasks started have ended too. */
  get swept(): Promise<void> {
    return this.#process.swept;
  }

  get isBusy(): boolean {
    return this.#pending !== null;
  }

  /** How much memory earlier tasks have added to the child, in MB: it is not charged to the current task. */
  get growthMb(): { heap: number; resident: number } {
    const [first, last] = [this.#firstReport, this.#lastReport];
    if (!first || !last) return { heap: 0, resident: 0 };
    return {
      heap: Math.max(0, last.heapMb - first.heapMb),
      resident: Math.max(0, last.residentMb - first.residentMb),
    };
  }

  /**
   * Whether the child must be inspected before it carries out `code`. Without `code`: before it carries out code of
   * another owner.
   */
  wantsInspection(code?: string): boolean {
    if (this.#uninspected === 0) return false;
    return code !== this.last?.code || this.#uninspected >= maxUninspected;
  }

  /** Resolves when the current task has ended, in whatever way. */
  whenTaskEnded(): Promise<unknown> {
    return this.#pending?.taskEnded ?? Promise.resolve();
  }

  /**
   * Resolves when the child is idle again after its task, with its report of what is still active in it; null when the
   * child has ended, or had no task yet.
   */
  idle(): Promise<IdleReport | null> {
    return this.#idle;
  }

  /**
   * Has the child inspect everything that its tasks may have changed. Resolves with its report, or with null when the
   * child has ended. Call this only while it is idle.
   */
  inspect(): Promise<IdleReport | null> {
    if (this.isEnded) return Promise.resolve(null);
    this.#uninspected = 0;
    this.#awaitReport(this.tasks);
    this.#process.send({ inspect: this.tasks });
    return this.#idle;
  }

  /**
   * Carries out a task and resolves with its result; `onUpdate` gets each value that the task sends meanwhile. Rejects with what
   * the task threw, with LostRunError when the task's run was taken over, or with {@link ChildEndedError}.
   */
  do(
    kind: string,
    task: unknown,
    run?: Fenced,
    onUpdate: (update: unknown) => void = () => {},
  ): Promise<unknown> {
    if (this.isEnded) return Promise.reject(new ChildEndedError('its process has ended', true));
    if (this.#pending || this.#awaited) return Promise.reject(new Error('it has a task already'));
    this.tasks += 1;
    this.#uninspected += 1;
    this.last = { kind, task, code: this.#rules.codeOf(kind, task) };
    this.#process.beginTask();
    const id = this.tasks;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const settled = Promise.allSettled([promise]);
    const read = (result: unknown) => this.#rules.readAnswer(kind, task, result);
    this.#pending = { id, run, onUpdate, taskEnded: settled, read, resolve, reject };
    this.#process.send({ id, kind, task });
    return promise;
  }

  /** Aborts the signal of the current task. */
  stop(why: Stop): void {
    this.#process.send({ stop: why });
  }

  /** See {@link ChildProcess.kill}. */
  kill(why: string, taskIsToBlame = false): void {
    this.#process.kill(why, taskIsToBlame);
  }

  #receive(value: unknown): void {
    const message = readMessage(value);
    if (!message) this.#process.refuse('it is not a message of a child');
    else if ('ready' in message) {
      this.#firstReport ??= message.ready;
      this.#isReady.resolve();
    } else if ('report' in message) this.#takeReport(message.id, message.report);
    else if ('update' in message) {
      // An update that was sent just before the end may arrive after it.
      if (this.#pending?.id === message.id) this.#pending.onUpdate(message.update);
    } else this.#takeAnswer(message);
  }

  #takeAnswer(message: Extract<FromChild, { result: unknown } | { thrown: unknown }>): void {
    const pending = this.#pending;
    if (pending?.id !== message.id)
      return this.#process.refuse('it answers a task that the child does not have');
    if ('thrown' in message) {
      this.#pending = null;
      this.#awaitReport(pending.id);
      return pending.reject(errorOf(message.thrown, pending.run));
    }
    let result: unknown;
    try {
      result = pending.read(message.result);
    } catch (error) {
      return this.#process.refuse(messageOf(error));
    }
    this.#pending = null;
    this.#awaitReport(pending.id);
    pending.resolve(result);
  }

  /** The child takes no task until it has sent its report about itself. */
  #awaitReport(id: number): void {
    const { promise, resolve } = Promise.withResolvers<IdleReport | null>();
    this.#awaited = { id, resolve };
    this.#idle = promise;
    const timer = setTimeout(
      () => this.kill('it sent no report in time after its task'),
      reportTimeoutMs,
    );
    void promise.then(() => clearTimeout(timer));
  }

  #takeReport(id: number, report: IdleReport): void {
    if (this.#awaited?.id !== id)
      return this.#process.refuse('it reports on a task that the child did not have');
    this.#lastReport = report;
    this.#awaited.resolve(report);
    this.#awaited = null;
  }

  #end(error: ChildEndedError): void {
    this.isEnded = true;
    this.#isReady.reject(error);
    this.#pending?.reject(error);
    this.#pending = null;
    this.#awaited?.resolve(null);
    this.#awaited = null;
  }
}
