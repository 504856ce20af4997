/** Sets a definition back to an earlier version: first as a plan that a person reads, then as a change like any other. */
import {
  changeAfter,
  changesSince,
  newestChange,
  oldestVersion,
} from '../../../data/history/changes.ts';
import {
  presentDefinitions,
  type Definition,
  type DefinitionKind,
} from '../../../data/history/kinds.ts';
import type { Db } from '../../../database/connect.ts';
import { NotFoundError, RoundsmanError } from '../../../ground/errors.ts';
import { redacted } from '../../../ground/secrets/secret-forms.ts';
import { printable } from '../../../ground/text.ts';
import { authorise } from '../../actor.ts';
import { changing } from '../../changing.ts';
import { definitionOf, type NamedDefinition } from '../definition-of.ts';
import { differencesBetween, type Difference } from '../differences.ts';
import { masked, sentencesOf } from '../list.ts';
import { reverters } from './index.ts';
import { RevertRefusedError, type RevertContext, type Wanted } from './reverter.ts';

export { RevertRefusedError } from './reverter.ts';

/** Another change of the definition was committed after the plan was made; nothing was changed. */
export class DefinitionChangedError extends RoundsmanError {}

export interface RevertPlan {
  wanted: Wanted;
  /** the newest version when the plan was made; 0: no change was ever recorded */
  seen: number;
  /** what the revert changes; credentials are masked */
  differences: Difference[];
  /** of a policy: what it no longer says, and says again */
  sentences: { removed: string[]; added: string[] };
  /** what follows from it, in sentences */
  consequences: string[];
  /** what differs from that version too, and is left as it is: each with the command that changes it */
  left: { difference: Difference; command: string | null }[];
}

/**
 * What setting a definition back to a version would do; without `to`, to the newest version that differs from the present one. Writes
 * nothing. Throws NotFoundError for a version that is not known, {@link RevertRefusedError} for one that cannot be set
 * today, and what the change itself would throw.
 */
export async function planRevert(
  context: RevertContext,
  { kind, of, to }: { kind: DefinitionKind; of: string; to?: number | undefined },
): Promise<RevertPlan> {
  const { db } = context;
  authorise(context.actor, `set a ${kind} back`, kind === 'silence' ? 'operator' : 'admin');
  const named = await definitionOf(db, kind, of);
  // Read first: a change that is committed between the two is one more than was seen, and the revert is refused.
  const seen = (await newestChange(db, named))?.version ?? 0;
  const present =
    (await presentDefinitions(db, kind, [named.definition])).get(named.definition) ?? null;
  const { columns, otherCommands = {}, consequences } = reverters[kind];
  const version = to ?? (await newestOther(db, named, present));
  const then = await definitionAt(db, named, { version, present, seen });
  const pick = (definition: Definition | null) =>
    definition && columns
      ? Object.fromEntries(columns.map((column) => [column, definition[column]]))
      : definition;
  const wanted: Wanted = { named, version, definition: pick(then), present: pick(present) };
  refuseMasked(wanted);
  const shown = (definition: Definition | null) => masked(named, definition) ?? {};
  const differences = differencesBetween(wanted.present ?? {}, wanted.definition ?? {});
  const others = differencesBetween(shown(present), shown(then)).filter(
    ({ path }) => columns !== null && !columns.includes(path.split('.')[0]!),
  );
  return {
    wanted,
    seen,
    differences: shownDifferences(differences, shown(wanted.present), shown(wanted.definition)),
    sentences:
      kind === 'policy' ? sentencesOf(present?.policy, then?.policy) : { removed: [], added: [] },
    consequences: differences.length === 0 ? [] : await consequences(context, wanted),
    left:
      then === null
        ? []
        : others
            .filter(({ path }) => !['status_reason', 'removed_at'].includes(path))
            .map((difference) => ({ difference, command: otherCommands[difference.path] ?? null })),
  };
}

/** The same differences with the values that may be shown: credentials are found by the names around them. */
const shownDifferences = (
  differences: readonly Difference[],
  before: Definition,
  after: Definition,
): Difference[] => {
  const shown = new Map(differencesBetween(before, after).map((each) => [each.path, each]));
  return differences.map(
    (each) => shown.get(each.path) ?? { ...each, before: redacted, after: redacted },
  );
};

/**
 * Carries a plan out, in one transaction, as a new version. Returns its number. Throws {@link DefinitionChangedError}, which says
 * who has changed the definition since the plan was made.
 */
export function revert(
  { db, actor, catalogue }: RevertContext,
  { wanted, seen }: RevertPlan,
): Promise<number> {
  const { named, version } = wanted;
  const why = `version ${version} again`;
  return changing({ db, actor }, async (trx) => {
    await reverters[named.kind].write({ db: trx, actor: { ...actor, why }, catalogue }, wanted);
    // The write has waited for whoever held the definition: what they committed counts here, and is rolled back over.
    const changes = await changesSince(trx, { ...named, version: seen });
    const [other] = changes;
    if (changes.length === 1) return other!.version;
    throw new DefinitionChangedError({
      what: `${named.name} was not set back to version ${version}`,
      why: other
        ? `${printable(other.actor)} has changed it meanwhile: it has version ${other.version} now`
        : 'another command has made the same change meanwhile',
      hint: 'look at its history, and run this command again',
    });
  });
}

/** The newest version that differs from the present one in what a revert sets back. Throws NotFoundError if there is none. */
async function newestOther(
  db: Db,
  named: NamedDefinition,
  present: Definition | null,
): Promise<number> {
  const { columns } = reverters[named.kind];
  const changes = await changesSince(db, { ...named, version: 0 });
  for (const { version, before } of changes.toReversed()) {
    const was = before as Definition | null;
    const differs = differencesBetween(present ?? {}, was ?? {}).some(
      ({ path }) => columns === null || columns.includes(path.split('.')[0]!),
    );
    if (differs && was !== null) return version - 1;
    if (differs && named.kind === 'setting') return version - 1;
  }
  throw new NotFoundError({
    what: `${named.name} has no earlier version`,
    why: 'its history has no version that differs from what it is now',
    hint: 'its `history` shows what was changed',
  });
}

/** The whole definition as of a version; null: there was none. Throws NotFoundError for a version that is not known. */
async function definitionAt(
  db: Db,
  named: NamedDefinition,
  { version, present, seen }: { version: number; present: Definition | null; seen: number },
): Promise<Definition | null> {
  const oldest = await oldestVersion(db, named);
  if (oldest === null || version < oldest || version > seen)
    throw new NotFoundError({
      what: `${named.name} has no version ${version}`,
      why:
        oldest === null
          ? 'no change of it was recorded'
          : `its history knows versions ${oldest} to ${seen}`,
      hint: 'its `history` shows them',
    });
  const next = await changeAfter(db, { ...named, version });
  return next ? (next.before as Definition | null) : present;
}

/** Throws {@link RevertRefusedError} where the version held a credential that is not kept. */
function refuseMasked({ named, version, definition, present }: Wanted): void {
  const lost = differencesBetween(present ?? {}, definition ?? {}).find(({ after }) =>
    (JSON.stringify(after) ?? '').includes('[redacted]'),
  );
  if (!lost) return;
  throw new RevertRefusedError({
    what: `${named.name} was not set back to version ${version}`,
    why: `${printable(lost.path)} held a credential then, and the history keeps none`,
    hint: 'store it with `npx roundsman secrets set NAME`, and edit the definition so that it names the secret',
  });
}
