/** Carries out, in a child, the tasks that its worker sends. */
import { SkippedCheck, TimedOutCheck, type CheckContext } from '../../contract/check.ts';
import type { AnyCheck } from '../../contract/event-check.ts';
import type { CheckResult } from '../../contract/finding.ts';
import { isFault } from '../../database/faults/fault-behind.ts';
import { messageOf } from '../../ground/errors.ts';
import { fitting } from '../../ground/text.ts';
import { awaitReportWith } from './await-report.ts';
import type { CheckOutcome } from './outcome.ts';
import { ownFrame } from './own-frame.ts';
import { progressTo } from './progress.ts';
import { readEventResult } from './event-result.ts';
import { maxParents, readResult } from './result.ts';
import type { Catalogue } from '../../catalogue/catalogue.ts';
import { currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';
import { takeEffect } from '../../heal/effect.ts';
import { undoEffect } from '../../heal/undo.ts';
import type { CarryOut, CheckTask, Kind, Tasks } from './task.ts';

export interface TaskDependencies {
  catalogue: Catalogue;
  /** what remedies write with */
  db: Db;
  /** what checks read with: its sessions refuse to write */
  reader: Db;
}

type Handlers = {
  [K in Kind]: (
    dependencies: TaskDependencies,
    task: Tasks[K]['task'],
    signal: AbortSignal,
    sendUpdate: (value: unknown) => void,
  ) => Promise<Tasks[K]['result']>;
};

const handlers: Handlers = {
  check: performCheck,
  effect: takeEffect,
  undo: undoEffect,
  canary: ({ reader }) => currentTime(reader),
};

/** Returns the function by which a child carries out a task of any kind. */
export const carryOutWith =
  (dependencies: TaskDependencies): CarryOut =>
  (kind, task, signal, sendUpdate) =>
    handlers[kind](dependencies, task, signal, sendUpdate);

/**
 * Runs one check in a child, where a crash of the check ends only that child. What the check throws, and a result that
 * breaks the contract, becomes its outcome. Rejects only when the signal is aborted, and for faults that the check did
 * not cause. A check that ignores its signal is ended with its process.
 */
async function performCheck(
  { catalogue, db, reader }: TaskDependencies,
  task: CheckTask,
  signal: AbortSignal,
  sendUpdate: (value: unknown) => void,
): Promise<CheckOutcome> {
  const { endpoint, config: given, check: name, now } = task;
  const began = performance.now();
  const { bot, config, dependsOn } = catalogue.resolve(endpoint, given);
  const check = bot.checks.find((each) => each.name === name);
  if (!check) throw new Error(`${bot.name} has no check ${name}`);
  const done = (rest: object) =>
    ({
      name,
      title: check.title,
      ms: Math.round(performance.now() - began),
      ...rest,
    }) as CheckOutcome;
  try {
    // The result is read inside this `try`: a result that breaks the contract is an error of this check alone.
    const result = await ask(check, config, task, {
      db: reader,
      now,
      signal,
      run: { ...task.run, endpoint },
      remembered: task.remembered,
      progress: progressTo(sendUpdate),
      secret: (name) => valueOf(name, task.secrets),
      skip(reason, because): never {
        throw new SkippedCheck(reason, because);
      },
      timeOut(reason: string): never {
        throw new TimedOutCheck(reason);
      },
      awaitReport: awaitReportWith(db, task.run),
    });
    if (result.remember !== undefined && !check.remembers)
      throw new Error(
        'its result contains `remember`, and the check is defined without `remembers: true`',
      );
    const findings = result.findings.map((finding) => ({
      ...finding,
      dependsOn: [...(finding.dependsOn ?? []), ...dependsOn(finding.component)].slice(
        0,
        maxParents,
      ),
    }));
    return done({
      status: findings.length > 0 ? 'failed' : 'passed',
      result: { ...result, findings },
    });
  } catch (error) {
    if (signal.aborted || isFault(error)) throw error;
    if (error instanceof SkippedCheck)
      return done({
        status: 'skipped',
        reason: fitting(error.message, 500),
        ...(error.because && { because: error.because }),
      });
    const at = ownFrame(error);
    const errored = {
      status: 'errored',
      reason: fitting(messageOf(error), 2_000),
      ...(at !== null && { at }),
    };
    return done(error instanceof TimedOutCheck ? { ...errored, timedOut: true } : errored);
  }
}

function valueOf(name: string, given: CheckTask['secrets']): string {
  const secret = given.find((each) => each.name === name);
  if (!secret) throw new Error(`the bot does not name ${name} in its secrets`);
  if ('value' in secret) return secret.value;
  throw new SkippedCheck(secret.why);
}

/** Asks either kind of check, and reads its result by the contract of that kind. */
async function ask(
  check: AnyCheck<unknown>,
  config: unknown,
  { since, events }: CheckTask,
  context: Omit<CheckContext, 'since'>,
): Promise<CheckResult> {
  if (!check.events) return readResult(await check.run(config, { ...context, since }));
  if (!events)
    throw new Error(`${check.name} counts events, and the task has no start of the window`);
  return readEventResult(await check.run(config, { ...context, ...events }), events, context.now);
}
