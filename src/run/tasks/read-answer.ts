/** What a child answers about a task; the worker reads the answer once more. */
import { z } from 'zod';
import { fitting } from '../../ground/text.ts';
import { readEventResult } from './event-result.ts';
import type { CheckOutcome } from './outcome.ts';
import { readResult } from './result.ts';
import type { CheckTask, Kind, Tasks } from './task.ts';

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

/**
 * The code of a check may have changed built-ins that the child uses to read the result, so the worker reads it once
 * more.
 */
function readOutcome(task: CheckTask, value: unknown): CheckOutcome {
  const read = outcome.parse(value);
  if (read.name !== task.check)
    throw new Error(`it is a result of another check, ${fitting(read.name, 200)}`);
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

/** The result of a task. Throws an Error that says why the value is not a valid result. */
export const readAnswer = <K extends Kind>(
  kind: K,
  task: Tasks[K]['task'],
  value: unknown,
): Tasks[K]['result'] => readers[kind](task, value);
