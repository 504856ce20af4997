/**
 * `roundsman`: the engine for an application that runs it in a process of its own, or has it run bots. Bots are written with
 * `roundsman/bot` and tested with `roundsman/testing`; rows are read with `roundsman/data`.
 */
import type { EmbeddedEngine, EngineOptions } from './bin/embed.ts';

export type { EmbeddedEngine, EngineOptions } from './bin/embed.ts';
export type { Subscriber } from './events/events.ts';
export type { EngineEvent, EventName, FactsOf } from './events/kinds.ts';
export { enqueueRun } from './services/runs/enqueue.ts';
export { untilEnded, type ExecutionRow } from './services/runs/watch.ts';
export { connect, type ConnectOptions, type Database, type Db } from './database/connect.ts';
export { NotFoundError, RoundsmanError, UsageError } from './ground/errors.ts';
export { defineConfig, type ProjectConfig } from './project/config.ts';

/** The same as `startEngine` of `src/bin/embed.ts`, which is loaded when it is called: a `roundsman.config.ts` does without it. */
export const startEngine = async (options: EngineOptions = {}): Promise<EmbeddedEngine> =>
  (await import('./bin/embed.ts')).startEngine(options);
