import { limits, readLimits, setLimit, type LimitRow } from '../../data/bots/healing-limits.ts';
import type { Db } from '../../database/connect.ts';
import { NotFoundError, UsageError } from '../../ground/errors.ts';
import { didYouMean } from '../../ground/nearest.ts';
import { printable, storable } from '../../ground/text.ts';
import { authorise, type Actor } from '../actor.ts';
import { changing } from '../changing.ts';

export type { LimitRow } from '../../data/bots/healing-limits.ts';

type Limit = (typeof limits)[number];

/** The limit of this name. Throws NotFoundError with the nearest name. */
export function limitNamed(given: string): Limit {
  const limit = limits.find(({ name }) => name === given);
  if (!limit) {
    const names = limits.map(({ name }) => name);
    throw new NotFoundError({
      what: `there is no limit ${printable(given)}`,
      why: `there are ${names.join(', ')}`,
      hint: didYouMean(given, names, '`npx roundsman limits` shows them'),
    });
  }
  return limit;
}

/** The limit and its new value; `typed` is what a person wrote for it. Throws NotFoundError, UsageError. */
export function limitOf(
  given: string,
  text: string,
  typed = text,
): { limit: Limit; value: number } {
  const limit = limitNamed(given);
  const { name, least, most, usual } = limit;
  const value = Number(text);
  const whole = name === 'storm_share' || Number.isInteger(value);
  if (!/^\d+(\.\d+)?$/.test(text) || !whole || value < least || value > most)
    throw new UsageError({
      what: `${name} cannot be ${JSON.stringify(typed)}`,
      why: `it has to be a ${name === 'storm_share' ? '' : 'whole '}number from ${least} to ${most}${name.endsWith('_minutes') ? ', in minutes' : ''}`,
      hint: `for example \`npx roundsman limits ${name} ${usual}\``,
    });
  return { limit, value };
}

/** All limits of healing with their present values. */
export const showLimits = (db: Db): Promise<LimitRow[]> => readLimits(db);

/** Sets one limit and returns its old value, null if it was not set. For owners and admins. */
export async function changeLimit(
  { db, actor }: { db: Db; actor: Actor },
  { limit, value }: { limit: Limit; value: number },
): Promise<{ before: number | null; rows: LimitRow[] }> {
  authorise(actor, 'change limits', 'admin');
  const before = await changing({ db, actor }, (trx) =>
    setLimit(trx, limit, value, storable(actor.name)),
  );
  return { before, rows: await readLimits(db) };
}
