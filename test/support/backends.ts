/** The queue backends that this run can test, for `describe.each(backends)`. */
import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';

export interface Backend {
  name: 'postgres' | 'redis';
  redisUrl?: string;
}

const redisUrl = inject('redisUrl');

export const backends: Backend[] = [
  { name: 'postgres' },
  ...(redisUrl ? [{ name: 'redis' as const, redisUrl }] : []),
];

/** A prefix for all keys of one test or file: the Redis server is shared by the whole run. */
export const redisPrefix = () => `test-${randomBytes(6).toString('hex')}`;
