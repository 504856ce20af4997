/**
 * `roundsman`: the engine for an application that runs it in a process of its own, or has it run bots. Bots are written with
 * `roundsman/bot` and tested with `roundsman/testing`; rows are read with `roundsman/data`.
 */
export { startEngine, type EmbeddedEngine, type EngineOptions } from './bin/embed.ts';
export type { Subscriber } from './events/events.ts';
export type { EngineEvent, EventName, FactsOf } from './events/kinds.ts';
export { enqueueRun } from './services/runs/enqueue.ts';
export { untilEnded, type ExecutionRow } from './services/runs/watch.ts';
export { connect, type ConnectOptions, type Database, type Db } from './database/connect.ts';
export { NotFoundError, RoundsmanError, UsageError } from './ground/errors.ts';
