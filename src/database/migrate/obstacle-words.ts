/** Says in words why a statement that would mend a difference cannot run, and what to do first. */
import { counted } from '../../ground/text.ts';
import type { Obstacle, Obstacles } from './obstacles.ts';

/** What stands in the way of the statement that would change this column, given as `table.column`. */
export function obstacleOf(column: string, { types, rows }: Obstacles): Obstacle | undefined {
  const nulls = rows.get(column);
  if (types.has(column) || nulls === undefined) return types.get(column);
  return {
    why: `it is NULL in ${counted(nulls, 'row')}`,
    mend: 'give it a value in each, then run it again: it will show the statement then',
  };
}

/** Why PostgreSQL would not make this foreign key, and what to do; null if it is not a foreign key, or can be made. */
export function whyNoForeignKey(
  table: string,
  key: string,
  { types, rows, duplicates, relations }: Obstacles,
): string | null {
  const [, columns, to, keys] =
    /^FOREIGN KEY \(([^)]*)\) REFERENCES ([\w.]+)\(([^)]*)\)/.exec(key) ?? [];
  if (to === undefined) return null;
  if (!relations.has(to))
    return `, and ${to} is not there (make ${to} first, with a row for each that ${table} refers to; then run it again: it will show the statement then)`;
  const unchangeable = [`${table}.${columns}`, `${to}.${keys}`].find((column) => types.has(column));
  if (unchangeable)
    return ` (first give ${unchangeable} its documented type, then run it again: it will show the statement then)`;
  if (['PRIMARY KEY', 'UNIQUE'].some((kind) => duplicates.has(`${to}.${kind} (${keys})`)))
    return ` (first give ${to} its documented key, then run it again: it will show the statement then)`;
  const withoutTarget = rows.get(`${table}.${key}`);
  if (withoutTarget === undefined) return null;
  return `, and ${counted(withoutTarget, 'row')} of ${table} ${withoutTarget === 1 ? 'refers' : 'refer'} to none in ${to} (correct or delete them, then run it again: it will show the statement then)`;
}

/** Why the rows would refuse this key, and what to do; null where they would not. */
export function whyNoKey(
  table: string,
  key: string,
  { rows, duplicates }: Obstacles,
): string | null {
  const [, kind, columns] = /^(UNIQUE|PRIMARY KEY) \(([^)]*)\)/.exec(key) ?? [];
  if (columns === undefined) return null;
  const duplicate = duplicates.get(`${table}.${key}`);
  if (duplicate) {
    const example = duplicate.example === null ? '' : `, such as ${duplicate.example}`;
    return `, and ${counted(duplicate.count, 'row')} of ${table} have the same ${columns.replace(', ', ' and ')} as another one${example} (keep one of each or make them different, then run it again: it will show the statement then)`;
  }
  const columnWithNulls =
    kind === 'PRIMARY KEY'
      ? columns.split(', ').find((column) => rows.has(`${table}.${column}`))
      : undefined;
  return columnWithNulls === undefined
    ? null
    : ` (first give ${table}.${columnWithNulls} a value in each row, then run it again: it will show the statement then)`;
}
