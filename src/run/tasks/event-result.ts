import { z } from 'zod';
import type { EventResult } from '../../contract/event-check.ts';
import type { EventQuestion } from './task.ts';
import { againstContract, readResult } from './result.ts';

const count = z.number().int().min(0);
const talliesSchema = z.object({
  tallies: z.array(
    z.object({
      key: z.string(),
      bad: count,
      of: count.nullable(),
      newestBadAt: z.date().nullable(),
    }),
  ),
});

/**
 * The result of an event check, if it fits the contract; tallies of keys that the check neither reported nor was asked
 * about are left out. Throws an Error that names the field or the key.
 */
export function readEventResult(
  returned: unknown,
  { from, starts, only }: EventQuestion,
  now: Date,
): EventResult {
  const result = readResult(returned);
  const read = talliesSchema.safeParse(returned);
  if (!read.success) throw againstContract(read.error);
  const reported = new Set<string>();
  for (const { component, key = component } of result.findings) {
    if (reported.has(key)) throw contractError(`findings: two share the key ${key}`);
    reported.add(key);
  }
  const neededKeys = new Set([...reported, ...starts.map(({ key }) => key), ...(only ?? [])]);
  const tallied = new Set<string>();
  for (const { key } of read.data.tallies) {
    if (tallied.has(key)) throw contractError(`tallies: two have the key ${key}`);
    tallied.add(key);
  }
  const begins = new Map(starts.map((start) => [start.key, start.from]));
  const kept = new Map(
    read.data.tallies.filter(({ key }) => neededKeys.has(key)).map((tally) => [tally.key, tally]),
  );
  for (const key of neededKeys) {
    const tally = kept.get(key);
    if (!tally) throw contractError(`tallies: there is none for the key ${key}`);
    if (tally.of !== null && tally.of < tally.bad)
      throw contractError(`tallies: the key ${key} has more bad events than events`);
    const begin = begins.get(key) ?? from;
    if (tally.newestBadAt && (+tally.newestBadAt < +begin - 1 || +tally.newestBadAt > +now + 1))
      throw contractError(
        `tallies: newestBadAt of the key ${key} is not between its start and now`,
      );
    if ((tally.bad === 0) !== (tally.newestBadAt === null))
      throw contractError(`tallies: newestBadAt of the key ${key} does not fit its bad events`);
    if (reported.has(key) && tally.bad === 0)
      throw contractError(`findings: the key ${key} is reported without a bad event`);
  }
  return { ...result, tallies: [...kept.values()] };
}

const contractError = (why: string) => new Error(`its result does not fit the contract: ${why}`);
