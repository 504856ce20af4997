/** A process that makes a backup is killed: no file looks whole that is not, and the next backup clears up. */
import { test } from 'vitest';
import { expectNothingHalf } from './kills.ts';

test(
  '4 kills at random moments',
  () => expectNothingHalf(4, Number(process.env.KILLS_SEED ?? Date.now() % 2 ** 31)),
  240_000,
);
