import { wholeNumber } from '../../database/faults/bad-input.ts';

/** How many rows a list of the bots' tables gives at most: 1 to 1,000,001, one more than a command ever shows. */
export const rowLimit = (limit: unknown): number => wholeNumber('limit', limit, 1, 1_000_001);
