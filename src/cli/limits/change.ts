import {
  changeLimit,
  limitNamed,
  limitOf,
  showLimits as read,
  type LimitRow,
} from '../../services/limits/change.ts';
import { UsageError } from '../../ground/errors.ts';
import { actorOf } from '../arguments/actor.ts';
import { seconds } from '../arguments/durations.ts';
import { withDatabase } from '../session/database.ts';
import { json, note, paint, say } from '../terminal/print.ts';
import { table } from '../terminal/table.ts';

interface LimitsOptions {
  as?: string;
  json?: true;
}

/** All limits, or the named one. */
export async function showLimits(name: string | undefined, options: LimitsOptions): Promise<void> {
  const one = name === undefined ? null : limitNamed(name).name;
  if (options.as !== undefined)
    throw new UsageError({
      what: 'no limit was changed',
      why: `--as belongs to a change, and no ${one ? 'value was given' : 'limit was named'}`,
      hint: 'for example npx roundsman limits cooldown_minutes 10m --as ann',
    });
  await withDatabase(async ({ db }) => {
    const rows = (await read(db)).filter((row) => one === null || row.name === one);
    if (options.json) return json(Object.fromEntries(rows.map(({ name, value }) => [name, value])));
    print(rows);
  });
}

/** A limit in minutes may be written as a duration, too; a number alone is minutes, as its name says. */
const inMinutes = (name: string, text: string): string =>
  name.endsWith('_minutes') && /^\d+[a-z]/i.test(text)
    ? String(seconds(name, { least: 0, most: 365 * 86_400, example: '10m' })(text) / 60)
    : text;

export async function setOne(given: string, text: string, options: LimitsOptions): Promise<void> {
  const { limit, value } = limitOf(given, inMinutes(given, text), text);
  await withDatabase(async ({ db }) => {
    const { before, rows } = await changeLimit(
      { db, actor: actorOf(options.as) },
      { limit, value },
    );
    if (options.json && before === value) note('it has this value already');
    if (options.json) return json(Object.fromEntries(rows.map((row) => [row.name, row.value])));
    say(
      before === value
        ? `${limit.name} is ${value} already.`
        : `${limit.name} is ${value} now, it was ${before ?? 'not set'}.`,
    );
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
