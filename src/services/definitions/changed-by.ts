/** Who changed a definition last, by its history: also where a statement by hand did, which names no person elsewhere. */
import { newestChangeOf } from '../../data/history/changes.ts';
import type { Db } from '../../database/connect.ts';
import { printable, time } from '../../ground/text.ts';
import type { Kind } from './kinds/kind.ts';

/** Columns that the history of a kind has for all that is one value or one document, and for a removal. */
const whole = ['value', 'policy', 'removed_at', 'ended_at'];

/**
 * `ann at 2026-12-01 10:00:00 UTC`; null if no change is recorded. `fields` are those that differ; unless they are given, whatever was
 * changed last counts.
 */
export async function changedBy(
  db: Db,
  { history }: Pick<Kind, 'history'>,
  { id, fields }: { id: string; fields: readonly string[] },
): Promise<string | null> {
  const columns = fields.map((field) => history.columns?.[field] ?? field);
  const change = await newestChangeOf(db, {
    kind: history.kind,
    definition: id,
    columns: [...columns, ...whole],
  });
  return change ? printable(`${change.actor} at ${time(change.changed_at)} UTC`) : null;
}
