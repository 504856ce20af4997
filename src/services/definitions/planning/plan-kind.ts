import type { Written } from '../files/read.ts';
import type { Kind } from '../kinds/kind.ts';
import { ofAnotherSet, type DefinitionRow } from './sets.ts';
import type { Change } from './change.ts';
import { changeOf } from './change-of.ts';
import { checkChange } from './check-change.ts';
import type { Planning } from './planning.ts';
import { targetOf } from './target-of.ts';

interface PlannedKind {
  kind: Kind;
  written: Written[];
  owned: DefinitionRow[];
  prune: boolean;
}

/** Plans the definitions of one kind: those of the files, and those that the set has and its files no longer name. */
export async function planKind(planning: Planning, { kind, written, owned, prune }: PlannedKind) {
  const present = await kind.present(planning.db);
  const byId = new Map(present.map((each) => [each.id, each]));
  const byName = new Map(present.map((each) => [each.name, each]));
  const named = new Set<string>();
  const adding: Change[] = [];
  for (const each of written) {
    const target = targetOf(planning, each, { byId, byName });
    if (target === undefined) continue;
    if (target !== null) {
      const twice = named.has(target.id);
      named.add(target.id);
      if (twice) {
        planning.problems.push(
          each.problem(`is the same as another definition here: both are ${target.name}`),
        );
        continue;
      }
    }
    const change = changeOf(planning, each, target);
    if (change?.action === 'add') adding.push(change);
    else if (change) planning.changes.push(change);
  }
  const gone = owned.filter(
    (row) =>
      !written.some(({ name }) => name === row.name) &&
      !named.has(row.row_id) &&
      // Another set may name the same row, as by files of an earlier version.
      !ofAnotherSet(planning, row.kind, row.row_id),
  );
  // A silence that is over is remembered, and cannot be removed.
  const isThere = ({ row_id }: DefinitionRow) =>
    byId.has(row_id) && byId.get(row_id)!.over === undefined;
  if (!prune) planning.left += gone.filter(isThere).length;
  planning.owned += owned.filter(isThere).length;
  if (prune)
    for (const row of gone.filter(isThere)) {
      const before = byId.get(row.row_id)!;
      planning.changes.push({
        kind,
        name: row.name,
        action: 'remove',
        before,
        wanted: {},
        fields: [],
        file: row.file,
        written: null,
        asks: null,
        consequences: [],
      });
    }
  // New rows are inserted in the order of their names.
  planning.changes.push(...adding.toSorted((a, b) => (a.name < b.name ? -1 : 1)));
  if (kind.kind === 'bots') {
    for (const { kind: of, name, action, before } of planning.changes) {
      if (of !== kind) continue;
      if (action === 'remove' || action === 'rename') planning.bots.delete(before!.name);
      if (action !== 'remove') planning.bots.add(name);
    }
  }
  for (const change of planning.changes.filter((each) => each.kind === kind))
    await checkChange(planning, change, byName);
}
