import { expect, test } from 'vitest';
import { retryAfterMsOf } from '../../src/outbound/retry-after.ts';

const now = Date.parse('2027-01-10T12:00:00Z');

test.each([
  ['20', 20_000],
  ['1.5', 1_500],
  ['Sun, 10 Jan 2027 12:01:00 GMT', 60_000],
  ['99999999999999999999', 999_999_999_000],
  ['9'.repeat(400), 999_999_999_000],
  ['0', null],
  ['-5', null],
  ['NaN', null],
  ['', null],
  ['Mon, 01 Jan 2001 00:00:00 GMT', null],
])('Retry-After %j asks to wait %s ms', (value, ms) =>
  expect(retryAfterMsOf({ 'retry-after': value }, now)).toBe(ms),
);
