/** Which addresses of Redis are accepted, and which database each of them names. */
import { describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { UsageError } from '../../src/ground/errors.ts';
import { queueAddress } from '../../src/queue/backend.ts';

const read = (address: string) => readConfig({ REDIS_URL: address });

describe('an address of Redis', () => {
  test.each([
    ['redis://localhost/abc', 'not the number of a database'],
    ['redis://localhost/-1', 'not the number of a database'],
    ['redis://localhost/1/2', 'not the number of a database'],
    ['redis://localhost/1e3', 'not the number of a database'],
    ['redis://localhost/99999999999', 'not the number of a database'],
    ['rediss://localhost?db=one', 'not the number of a database'],
    ['redis://:100%x@localhost/0', 'a % that encodes no character'],
    ['redis://%u:x@localhost/0', 'a % that encodes no character'],
  ])('%s is refused', (address, why) => {
    expect(() => read(address)).toThrow(UsageError);
    expect(() => read(address)).toThrow(why);
  });

  test.each([
    ['redis://localhost', 'redis localhost/0'],
    ['redis://localhost/', 'redis localhost/0'],
    ['redis://localhost:7000/3', 'redis localhost:7000/3'],
    ['redis://localhost/03', 'redis localhost/3'],
    ['redis://localhost?db=2', 'redis localhost/2'],
    ['redis://localhost/1?db=2', 'redis localhost/1'],
    ['rediss://ann:50%25@localhost/15', 'redis localhost/15'],
  ])('%s is %s', (address, shown) => {
    expect(queueAddress(read(address))).toBe(shown);
  });
});
