/** Fields of definitions, as files write them. Their descriptions are in the JSON Schema of each kind. */
import { z } from 'zod';
import { duration as ofPolicy } from '../../../policy/schema.ts';
import type { DurationBounds } from '../../../ground/duration.ts';

export const text = (meaning: string) => z.string('has to be a text').describe(meaning);

export const flag = (meaning: string) => z.boolean('has to be true or false').describe(meaning);

export const whole = (least: number, most: number, meaning: string) =>
  z
    .int(`has to be a whole number from ${least} to ${most}`)
    .min(least, `has to be ${least} at least`)
    .max(most, `has to be ${most} at most`)
    .describe(meaning);

export const chosen = <Word extends string>(words: readonly Word[], meaning: string) =>
  z.enum(words as readonly [Word, ...Word[]]).describe(meaning);

export const map = (meaning: string) =>
  z.record(z.string(), z.unknown(), 'has to be a map').describe(meaning);

/** In seconds, once it is read; absent, or null. */
export const duration = (example: string, bounds: DurationBounds, meaning: string) =>
  ofPolicy(example, bounds).nullish().describe(`${meaning}, for example ${example}`);

/** The name that it had before: a definition of that name is renamed, with its history. */
export const was = text('the name that it had before: it is renamed, with its history').optional();

/** `definitions` of a kind whose definitions have names. Which names there may be is checked later. */
export const names = (definition: z.ZodType) =>
  z.record(z.string(), definition, 'has to be a map of definitions by their names');
