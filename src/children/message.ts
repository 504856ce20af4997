/** What a child says, read by its worker: what does not fit is the child's own failure and hurts nothing else. */
import { z } from '../bot.ts';
import type { Fault } from '../database/faults/fault-behind.ts';
import { fitting } from '../ground/text.ts';
import { readEventResult } from '../run/tasks/event-result.ts';
import type { CheckOutcome } from '../run/tasks/outcome.ts';
import { readResult } from '../run/tasks/result.ts';
import type { CheckTask, FromChild, Kind, Tasks } from '../run/tasks/task.ts';

const faults: [Fault, ...Fault[]] = [
  'connection',
  'conflict',
  'timeout',
  'resources',
  'read-only',
  'server',
  'process',
];

const id = z.int().min(1);
const megabytes = z.number().min(0);
const thrown = z.strictObject({
  message: z.string().transform((text) => fitting(text, 10_000)),
  lost: z.boolean(),
  fault: z.enum(faults).nullable(),
  notApplied: z.boolean(),
});
const rest = z.strictObject({
  left: z.array(z.string().max(200)).max(100),
  heapMb: megabytes,
  residentMb: megabytes,
});
const message = z.union([
  z.strictObject({ id, rest }),
  // Of the kind of its task, which readAnswer knows.
  z.strictObject({ id, result: z.unknown() }),
  z.strictObject({ id, thrown }),
  z.strictObject({ ready: rest }),
]);

/** Null when it is no message of a child. */
export function readMessage(value: unknown): FromChild | null {
  const read = message.safeParse(value);
  return read.success ? (read.data as FromChild) : null;
}

const outcome = z.discriminatedUnion('status', [
  z.object({
    status: z.enum(['passed', 'failed']),
    name: z.string(),
    title: z.string(),
    ms: z.number().min(0),
    result: z.unknown(),
  }),
  z.object({
    status: z.enum(['errored', 'skipped']),
    name: z.string(),
    title: z.string(),
    ms: z.number().min(0),
    reason: z.string().transform((text) => fitting(text, 2_000)),
  }),
]);

/** A check's code may have changed what the child's own reading rests on, so its result is read once more. */
function readOutcome(task: CheckTask, value: unknown): CheckOutcome {
  const read = outcome.parse(value);
  if (read.name !== task.check)
    throw new Error(`it is one of the check ${fitting(read.name, 200)}`);
  if (!('result' in read)) return read;
  const result = task.events
    ? readEventResult(read.result, task.events, task.now)
    : readResult(read.result);
  return { ...read, status: result.findings.length > 0 ? 'failed' : 'passed', result };
}

const time = z.date();

const readers: { [K in Kind]: (task: Tasks[K]['task'], value: unknown) => Tasks[K]['result'] } = {
  check: readOutcome,
  effect: (_, value) => time.nullable().parse(value),
  undo: (_, value) => z.undefined().parse(value),
  canary: (_, value) => time.parse(value),
};

/** The result of a task. Throws an Error that says why it is none. */
export const readAnswer = <K extends Kind>(
  kind: K,
  task: Tasks[K]['task'],
  value: unknown,
): Tasks[K]['result'] => readers[kind](task, value);
