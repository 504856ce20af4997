/**
 * Ids and names of planted rows: the same ones each time that a fault is planted, so that what the demo shows stays what its page
 * says, and others than those of each other fault.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash, randomUUID } from 'node:crypto';
import type { Fault } from './fault.ts';

const planting = new AsyncLocalStorage<{ of: string; drawn: number }>();

/** The fault, whose plantings draw their ids here. */
export const withIds = ({ plant, lookalike, ...fault }: Fault): Fault => ({
  ...fault,
  plant: (db, now) => planting.run({ of: fault.name, drawn: 0 }, () => plant(db, now)),
  ...(lookalike && {
    lookalike: (db, now) =>
      planting.run({ of: `${fault.name}.none`, drawn: 0 }, () => lookalike(db, now)),
  }),
});

/** A text that no other planting draws. Rows that are made beside a planting, as tests do, have random ones. */
function draw(): string {
  const from = planting.getStore();
  if (!from) return `row ${randomUUID()}`;
  from.drawn += 1;
  return `${from.of} ${from.drawn}`;
}

/** A uuid. */
export function nextId(): string {
  const hex = createHash('sha256').update(draw()).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** A name of lower-case letters, digits and dashes, by which people know where it comes from: `curator-failing-apps-1`. */
export const nextName = (): string => draw().replaceAll(/[. ]/g, '-');
