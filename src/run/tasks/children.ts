/** The children that carry out a worker's checks and remedies. */
import {
  openPool,
  type ChildPool,
  type PoolOptions as AnyPoolOptions,
} from '../../children/pool.ts';
import type { ChildLease as LeaseOf } from '../../children/lease.ts';
import { readAnswer } from './read-answer.ts';
import { codeOf, type Kind, type Tasks } from './task.ts';

export type Children = ChildPool<Tasks>;
export type ChildLease = LeaseOf<Tasks>;
export type PoolOptions = Omit<AnyPoolOptions, 'codeOf' | 'readAnswer'>;

export const openChildren = (options: PoolOptions): Children =>
  openPool<Tasks>({
    ...options,
    codeOf: (kind, task) => codeOf(kind as Kind, task as Tasks[Kind]['task']),
    readAnswer: (kind, task, value) => readAnswer(kind as Kind, task as Tasks[Kind]['task'], value),
  });
