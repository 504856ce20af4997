import { expect, test } from 'vitest';
import { lastingFailure } from '../../src/ground/lasting-failure.ts';

test('of a failure that lasts the first is said, and its end, with how often it came', () => {
  const said: unknown[] = [];
  const { failed, succeeded } = lastingFailure(
    (error, times) => said.push([error, times]),
    (times) => said.push(['over', times]),
  );
  succeeded();
  for (const error of ['a', 'b', 'c']) failed(error);
  succeeded();
  succeeded();
  failed('d');
  expect(said).toEqual([
    ['a', 1],
    ['over', 3],
    ['d', 1],
  ]);
});
