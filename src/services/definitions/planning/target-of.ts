import type { Written } from '../files/read.ts';
import type { Present } from '../kinds/kind.ts';
import { keyOf } from './sets.ts';
import type { Planning } from './planning.ts';

/** The row that a definition is; null for a new one; undefined where it has a mistake. */
export function targetOf(
  { rows, set, takeOver, problems, notes }: Planning,
  { kind, name, fields, problem }: Written,
  { byId, byName }: { byId: Map<string, Present>; byName: Map<string, Present> },
): Present | null | undefined {
  const row = rows.get(keyOf(kind.kind, name));
  const remembered = row && byId.get(row.row_id);
  const same = byName.get(name);
  if (remembered && row.set_name !== null && row.set_name !== set && !takeOver) {
    if (set !== null) {
      problems.push(
        problem(
          `belongs to the set ${row.set_name} (${row.file}), and not to ${set}: take it out of one of them; --take-over gives it to ${set}`,
        ),
      );
      return undefined;
    }
    notes.push(
      `${kind.kind} ${name} belongs to the set ${row.set_name}: its next apply may change it back`,
    );
  }
  const before =
    fields.was === undefined || fields.was === name ? undefined : byName.get(String(fields.was));
  if (before && (same ?? remembered) && (same ?? remembered)!.id !== before.id) {
    problems.push(
      problem(
        `there are both ${name} and ${before.name}: take \`was\` out, or rename or remove one of them first`,
        'was',
      ),
    );
    return undefined;
  }
  if (before) return before;
  if (remembered && same && same.id !== remembered.id) {
    // A person renamed the row, and gave the name to another one.
    return same;
  }
  return remembered ?? same ?? null;
}
