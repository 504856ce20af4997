/**
 * How much a bench does. `BENCH_SIZE=small` is as little as shows that each of its parts runs: CI and
 * test/bench/small.test.ts do that. Its figures say nothing about speed, so no goal counts then.
 */
export const isSmall = process.env.BENCH_SIZE === 'small';

/** An amount of the bench, or the one that is enough to run it. */
export const sized = <Amount>(full: Amount, small: Amount): Amount => (isSmall ? small : full);

/** 10,000 as people write it. */
export const inWords = (amount: number): string => amount.toLocaleString('en');
