/** What an apply of files would change, and the versions of the rows that it touches. */
import { createHash } from 'node:crypto';
import { printable } from '../../../ground/text.ts';
import type { Written } from '../files/read.ts';
import type { Kind, Present, Values } from '../kinds/kind.ts';

/** A field that differs: null stands for what is not there. */
export interface FieldChange {
  field: string;
  before: unknown;
  after: unknown;
}

export interface Change {
  kind: Kind;
  name: string;
  action: 'add' | 'change' | 'rename' | 'remove';
  /** the row before; null for one that is added */
  before: Present | null;
  /** the fields that the file names, null ones replaced by their defaults */
  wanted: Values;
  fields: FieldChange[];
  /** the file that names it, or that named it before; as it was given */
  file: string;
  /** where the file says so; null where a set no longer names it */
  written: Written | null;
  /** why a person has to agree first; null if no question is asked */
  asks: string | null;
  /** what follows from it, in sentences; empty until {@link planOf} has computed it */
  consequences: string[];
}

export interface Plan {
  /** null: the files belong to no set */
  set: string | null;
  changes: Change[];
  /** definitions of the files that are as they say */
  same: Named[];
  notes: string[];
  /** how many definitions the set had before, of those that are still there */
  owned: number;
  /** names this plan: what it would change, and the versions of all rows that it touches */
  hash: string;
}

/** A definition of the files, and the row that it is. */
export interface Named {
  written: Written;
  id: string;
}

/** The file of a definition, as errors and the history call it. */
export const fileOf = (written: Written): string => printable(written.problem('').place);

/** The version of a row: a change of what files can say of it changes its version. */
export const versionOf = (present: Present | null): string | null =>
  present === null
    ? null
    : digest([present.id, present.name, present.values, present.over !== undefined]);

/** The digest of a value, whatever the order of its keys. */
export const digest = (value: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify(sorted(value)))
    .digest('hex');

/** The value with the keys of its maps in order. */
function sorted(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.entries(value)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, each]) => [key, sorted(each)]);
}
