/** Kinds of settings that many bots have. Each bot gives the default, with its source in a comment, and the meaning. */
import { z } from '../../src/bot.ts';

export const percent = (otherwise: number, meaning: string, max = 100) =>
  z.number().min(0).max(max).default(otherwise).describe(meaning);

export const count = (otherwise: number, meaning: string, max = 1_000_000) =>
  z.int().min(1).max(max).default(otherwise).describe(meaning);

/** A number from 0. Times have to stay within those that both JavaScript and PostgreSQL know, so there is a maximum. */
export const amount = (otherwise: number, meaning: string, max = 1_000_000) =>
  z.number().min(0).max(max).default(otherwise).describe(meaning);

/** A length of time above 0, in the unit that its name says. */
export const time = (otherwise: number, meaning: string, max: number) =>
  z.number().positive().max(max).default(otherwise).describe(meaning);

/** 50: a list that a person reads as a whole. Findings beyond it are counted, and reported once the first ones are resolved. */
export const maxFindings = (of = 'findings', otherwise = 50) =>
  z
    .int()
    .min(1)
    .max(1_000)
    .default(otherwise)
    .describe(`how many ${of} one check reports at most, the worst first`);

const isTimeZone = (name: string): boolean => {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }));
  } catch {
    return false;
  }
};

/** UTC unless set: the platform's own zone is not known. */
export const timeZone = (meaning: string) =>
  z.string().refine(isTimeZone, 'no time zone has this name').default('UTC').describe(meaning);
