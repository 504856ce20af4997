/** Many kills of processes that make backups; KILLS_SEED repeats their moments. */
import { test } from 'vitest';
import { expectNothingHalf } from './kills.ts';

test(
  '200 kills at random moments',
  () => expectNothingHalf(200, Number(process.env.KILLS_SEED ?? Date.now() % 2 ** 31)),
  3_600_000,
);
