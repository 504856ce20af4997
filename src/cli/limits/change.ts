import { limits, readLimits, setLimit, type LimitRow } from '../../data/bots/healing-limits.ts';
import { NotFoundError, UsageError } from '../../ground/errors.ts';
import { nearest } from '../../ground/nearest.ts';
import { printable, storable } from '../../ground/text.ts';
import { actor } from '../arguments/actor.ts';
import { withDatabase } from '../session/database.ts';
import { json, note, paint, say } from '../terminal/print.ts';
import { table } from '../terminal/table.ts';

interface LimitsOptions {
  as?: string;
  json?: true;
}

export const showLimits = (options: LimitsOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const rows = await readLimits(db);
    if (options.json) return json(Object.fromEntries(rows.map(({ name, value }) => [name, value])));
    print(rows);
  });

export async function setOne(
  given: string,
  text: string | undefined,
  options: LimitsOptions,
): Promise<void> {
  const limit = limits.find(({ name }) => name === given);
  if (!limit) {
    const names = limits.map(({ name }) => name);
    const meant = nearest(given, names);
    throw new NotFoundError({
      what: `there is no limit ${printable(given)}`,
      why: `there are ${names.join(', ')}`,
      hint: meant.length > 0 ? `did you mean ${meant.join(', ')}?` : 'npx roundsman limits',
    });
  }
  const { name, least, most, usual } = limit;
  const value = Number(text);
  const whole = name === 'storm_share' || Number.isInteger(value);
  if (text === undefined || !/^\d+(\.\d+)?$/.test(text) || !whole || value < least || value > most)
    throw new UsageError({
      what: `${name} cannot be ${text === undefined ? 'set to nothing' : JSON.stringify(text)}`,
      why: `it has to be a ${name === 'storm_share' ? '' : 'whole '}number from ${least} to ${most}`,
      hint: `for example npx roundsman limits ${name} ${usual}`,
    });
  await withDatabase(async ({ db }) => {
    const before = await setLimit(db, limit, value, storable(actor(options.as)));
    if (before === value) note('it was so already; nothing changed');
    const rows = await readLimits(db);
    if (options.json) return json(Object.fromEntries(rows.map((row) => [row.name, row.value])));
    say(`${name} is ${value} now, it was ${before ?? 'not set'}.`);
  });
}

function print(rows: LimitRow[]): void {
  table(
    ['Limit', 'Is', 'Usually', 'What'],
    rows.map(({ name, value, usual, meaning }) => [
      name,
      value === null ? paint('red', 'not set: nothing is healed') : String(value),
      String(usual),
      meaning,
    ]),
    '',
  );
}
