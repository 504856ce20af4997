/**
 * Ids and names of planted rows. A fault gets the same ones each time that it is planted, so that the demo shows what its page
 * says. No two faults get the same ones.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash, randomUUID } from 'node:crypto';
import type { Fault } from './fault.ts';

const planting = new AsyncLocalStorage<{ of: string; count: number }>();

/** The fault, with ids and names of its own for what its functions plant. */
export const withOwnIds = ({ plant, afterCommit, lookalike, ...fault }: Fault): Fault => ({
  ...fault,
  plant: (db, now) => planting.run({ of: fault.name, count: 0 }, () => plant(db, now)),
  ...(afterCommit && {
    afterCommit: (db, now) =>
      planting.run({ of: `${fault.name}.after`, count: 0 }, () => afterCommit(db, now)),
  }),
  ...(lookalike && {
    lookalike: (db, now) =>
      planting.run({ of: `${fault.name}.none`, count: 0 }, () => lookalike(db, now)),
  }),
});

/** A text that no other planting gets. Outside of a planting, as in tests, it is random. */
function nextText(): string {
  const from = planting.getStore();
  if (!from) return `row ${randomUUID()}`;
  from.count += 1;
  return `${from.of} ${from.count}`;
}

/** A uuid. */
export function nextId(): string {
  const hex = createHash('sha256').update(nextText()).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** A name of lower-case letters, digits and dashes, which shows to which fault it belongs: `curator-failing-apps-1`. */
export const nextName = (): string => nextText().replaceAll(/[. ]/g, '-');
