import type { Written } from '../files/read.ts';
import type { Present } from '../kinds/kind.ts';
import { keyOf, ofAnotherSet } from './sets.ts';
import type { Planning } from './planning.ts';

interface Known {
  byId: Map<string, Present>;
  byName: Map<string, Present>;
}

/** The row that a definition is; null for a new one; undefined where it has a mistake. */
export function targetOf(
  planning: Planning,
  written: Written,
  known: Known,
): Present | null | undefined {
  const target = rowOf(planning, written, known);
  if (!target) return target;
  return mayTake(planning, written, target) ? target : undefined;
}

function rowOf(
  { rows, problems }: Planning,
  { kind, name, fields, problem }: Written,
  { byId, byName }: Known,
): Present | null | undefined {
  const row = rows.get(keyOf(kind.kind, name));
  const remembered = row && byId.get(row.row_id);
  const same = byName.get(name);
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

/** Whether the files may say what this row is. It belongs to the set that named it last, whatever that set calls it. */
function mayTake(planning: Planning, { kind, name, problem }: Written, { id }: Present): boolean {
  const { set, takeOver, problems, notes } = planning;
  const owner = ofAnotherSet(planning, kind.kind, id);
  if (!owner || takeOver) return true;
  const called = owner.name === name ? '' : ` as ${owner.name}`;
  if (set === null) {
    notes.push(
      `${kind.kind} ${name} belongs to the set ${owner.set_name}${called}: its next apply may change it back`,
    );
    return true;
  }
  problems.push(
    problem(
      `belongs to the set ${owner.set_name}${called} (${owner.file}), and not to ${set}: take it out of one of them; --take-over gives it to ${set}`,
    ),
  );
  return false;
}
