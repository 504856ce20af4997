/**
 * The messages of a child, as its worker reads them: a message that does not fit is a failure of this child and affects
 * nothing else.
 */
import { z } from 'zod';
import type { Fault } from '../database/faults/fault-behind.ts';
import { fitting } from '../ground/text.ts';
import type { FromChild } from './protocol.ts';

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
const report = z.strictObject({
  changes: z.array(z.string().max(200)).max(100),
  heapMb: megabytes,
  residentMb: megabytes,
});
const messageSchema = z.union([
  z.strictObject({ id, report }),
  // The worker reads the result by the kind of its task.
  z.strictObject({ id, result: z.unknown() }),
  z.strictObject({ id, thrown }),
  // The worker reads the update by the kind of its task, too.
  z.strictObject({ id, update: z.unknown() }),
  z.strictObject({ ready: report }),
]);

/** Reads a message of a child; null if the value is not one. */
export function readMessage(value: unknown): FromChild | null {
  const read = messageSchema.safeParse(value);
  return read.success ? (read.data as FromChild) : null;
}
