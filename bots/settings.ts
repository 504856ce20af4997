/** Kinds of settings that many bots have. Each bot gives the default, with its source in a comment, and the meaning. */
import { z } from '../src/bot.ts';

export const percent = (otherwise: number, meaning: string) =>
  z.number().min(0).max(100).default(otherwise).describe(meaning);

export const count = (otherwise: number, meaning: string, most = 1_000_000) =>
  z.int().min(1).max(most).default(otherwise).describe(meaning);

/** 50 findings are more than a person works through in a day; a run stores each with its texts. */
export const maxFindings = (of = 'findings') =>
  z
    .int()
    .min(1)
    .max(1_000)
    .default(50)
    .describe(`how many ${of} one check reports at most, the worst first`);

const isTimeZone = (name: string): boolean => {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }));
  } catch {
    return false;
  }
};

export const timeZone = (meaning: string) =>
  z.string().refine(isTimeZone, 'no time zone has this name').default('UTC').describe(meaning);
