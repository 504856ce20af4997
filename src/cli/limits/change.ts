import {
  changeLimit,
  limitOf,
  showLimits as read,
  type LimitRow,
} from '../../services/limits/change.ts';
import { actorOf } from '../arguments/actor.ts';
import { withDatabase } from '../session/database.ts';
import { json, note, paint, say } from '../terminal/print.ts';
import { table } from '../terminal/table.ts';

interface LimitsOptions {
  as?: string;
  json?: true;
}

export const showLimits = (options: LimitsOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const rows = await read(db);
    if (options.json) return json(Object.fromEntries(rows.map(({ name, value }) => [name, value])));
    print(rows);
  });

export async function setOne(
  given: string,
  text: string | undefined,
  options: LimitsOptions,
): Promise<void> {
  const { limit, value } = limitOf(given, text);
  await withDatabase(async ({ db }) => {
    const { before, rows } = await changeLimit(
      { db, actor: actorOf(options.as) },
      { limit, value },
    );
    if (before === value) note('it has this value already; nothing changed');
    if (options.json) return json(Object.fromEntries(rows.map((row) => [row.name, row.value])));
    say(`${limit.name} is ${value} now, it was ${before ?? 'not set'}.`);
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
