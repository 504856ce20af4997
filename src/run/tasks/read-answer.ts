/** Reads what a child answers about a task. The child has read the result already, and the worker reads it again here. */
import { z } from 'zod';
import { skipCauses } from '../../contract/check.ts';
import { fitting } from '../../ground/text.ts';
import { maxPlace } from './own-frame.ts';
import { readEventResult } from './event-result.ts';
import type { CheckOutcome } from './outcome.ts';
import { readResult } from './result.ts';
import type { CheckTask, Kind, Tasks } from './task.ts';

const outcomeSchema = z.discriminatedUnion('status', [
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
    at: z.string().max(maxPlace).optional(),
    timedOut: z.boolean().optional(),
    because: z.enum(skipCauses).optional(),
  }),
]);

/** The result is read again because the check's code may have changed built-ins by which the child has read it. */
function readOutcome(task: CheckTask, value: unknown): CheckOutcome {
  const read = outcomeSchema.parse(value);
  if (read.name !== task.check)
    throw new Error(`it is a result of another check, ${fitting(read.name, 200)}`);
  if (!('result' in read)) return read;
  const result = task.events
    ? readEventResult(read.result, task.events, task.now)
    : readResult(read.result);
  return { ...read, status: result.findings.length > 0 ? 'failed' : 'passed', result };
}

const timeSchema = z.date();

const readers: { [K in Kind]: (task: Tasks[K]['task'], value: unknown) => Tasks[K]['result'] } = {
  check: readOutcome,
  effect: (_, value) => timeSchema.nullable().parse(value),
  undo: (_, value) => z.undefined().parse(value),
  canary: (_, value) => timeSchema.parse(value),
};

/** The result of a task. Throws an Error that says why the value is not a valid result. */
export const readAnswer = <K extends Kind>(
  kind: K,
  task: Tasks[K]['task'],
  value: unknown,
): Tasks[K]['result'] => readers[kind](task, value);
