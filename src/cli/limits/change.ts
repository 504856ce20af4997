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
import type { ListOptions } from '../arguments/show-options.ts';
import { printDocument, isData } from '../listing/document.ts';
import { list, type Column } from '../listing/list.ts';
import { note, paint, say } from '../terminal/print.ts';

interface LimitsOptions extends ListOptions {
  as?: string;
}

/** All limits, or the named one. */
export async function showLimits(name: string | undefined, options: LimitsOptions): Promise<void> {
  const limitName = name === undefined ? null : limitNamed(name).name;
  if (options.as !== undefined)
    throw new UsageError({
      what: 'no limit was changed',
      why: `--as belongs to a change, and no ${limitName ? 'value was given' : 'limit was named'}`,
      hint: 'for example `npx roundsman limits cooldown_minutes 10m --as ann`',
    });
  await withDatabase(async ({ db }) => {
    const rows = (await read(db)).filter((row) => limitName === null || row.name === limitName);
    if (isData(options))
      return printDocument(
        Object.fromEntries(rows.map(({ name, value }) => [name, value])),
        options,
      );
    await list({ options, rows, columns, empty: '', neverCut: ['meaning'] });
  });
}

/** A limit in minutes may be written as a duration, too; a number alone is minutes, as its name says. */
const inMinutes = (name: string, text: string): string =>
  name.endsWith('_minutes') && /^\d+[a-z]/i.test(text)
    ? String(seconds(name, { least: 0, most: 365 * 86_400, example: '10m' })(text) / 60)
    : text;

export async function setLimit(given: string, text: string, options: LimitsOptions): Promise<void> {
  const { limit, value } = limitOf(given, inMinutes(given, text), text);
  await withDatabase(async ({ db }) => {
    const { before, rows } = await changeLimit(
      { db, actor: actorOf(options.as) },
      { limit, value },
    );
    if (isData(options)) {
      if (before === value) note('it has this value already');
      return printDocument(Object.fromEntries(rows.map((row) => [row.name, row.value])), options);
    }
    say(
      before === value
        ? `${limit.name} is ${value} already.`
        : `${limit.name} is ${value} now, it was ${before ?? 'not set'}.`,
    );
  });
}

const columns: Column<LimitRow>[] = [
  { name: 'name', head: 'Limit', cell: ({ name }) => name },
  {
    name: 'value',
    head: 'Is',
    cell: ({ value }) =>
      value === null ? paint('red', 'not set: nothing is healed') : String(value),
    cellForPrograms: ({ value }) => (value === null ? null : String(value)),
  },
  { name: 'default', head: 'Default', cell: (limit) => String(limit.default) },
  { name: 'meaning', head: 'What', cell: ({ meaning }) => meaning },
];
