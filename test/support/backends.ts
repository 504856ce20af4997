/** The queue backends that this run can test, for `describe.each(backends)`. */
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
