/** The history of definitions, for all their kinds: who changed one, when, from where, and what it was before. */
import {
  countChanges,
  definitionChanges,
  type DefinitionChange,
} from '../../data/history/changes.ts';
import type { Definition, DefinitionKind } from '../../data/history/kinds.ts';
import { currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';
import type { Since } from '../../database/rows/since.ts';
import { maskCredentials } from '../../ground/secrets/literal-credentials.ts';
import { storedPolicy } from '../../policy/stored-policy.ts';
import { policyInWords } from '../../policy/words.ts';
import { definitionOf } from './definition-of.ts';
import { differencesBetween, type Difference } from './differences.ts';

export type { DefinitionKind } from '../../data/history/kinds.ts';
export type { Difference } from './differences.ts';

export interface HistoryEntry extends DefinitionChange {
  /** what people call what happened: `paused`, `edited`, `ended` */
  happened: string;
  /** sentences that the policy no longer says, and that it says now; empty for other kinds */
  sentences: { removed: string[]; added: string[] };
  /** where the definition differs from before; empty where `sentences` says it, or it was added or deleted */
  differences: Difference[];
}

/**
 * The changes of all definitions of a kind, or of one by its name or id; the newest first. Credentials in plain text are
 * masked. Throws NotFoundError, AmbiguousIdError.
 */
export async function definitionHistory(
  db: Db,
  {
    kind,
    of,
    since,
    limit,
  }: { kind: DefinitionKind; of?: string | undefined; since?: Since | undefined; limit: number },
): Promise<{ changes: HistoryEntry[]; count: () => Promise<number | null>; now: Date }> {
  const definition = of === undefined ? undefined : (await definitionOf(db, kind, of)).definition;
  const which = { kind, definition, since };
  const changes = await definitionChanges(db, { ...which, limit });
  return {
    changes: changes.map(asEntry),
    count: () => countChanges(db, which),
    now: await currentTime(db),
  };
}

function asEntry(change: DefinitionChange): HistoryEntry {
  const [before, after] = [masked(change, change.before), masked(change, change.after)];
  const sentences =
    change.kind === 'policy' && change.event === 'changed'
      ? sentencesOf(before?.policy, after?.policy)
      : { removed: [], added: [] };
  const isSaid = sentences.removed.length + sentences.added.length > 0;
  return {
    ...change,
    before,
    after,
    happened: happenedTo(change),
    sentences,
    differences: change.event === 'changed' && !isSaid ? differencesBetween(before, after) : [],
  };
}

/** A fingerprint, which a silence may name, looks like a credential and is none. */
export const masked = (
  { kind }: Pick<DefinitionChange, 'kind'>,
  definition: Definition | null,
): Definition | null =>
  kind === 'silence' ? definition : (maskCredentials(definition) as Definition | null);

/** What a policy says in sentences that another one does not say. A policy that cannot be read says none. */
export function sentencesOf(
  before: unknown,
  after: unknown,
): { removed: string[]; added: string[] } {
  const [was, is] = [before, after].map((document) => {
    const policy = storedPolicy(document);
    return policy ? policyInWords(policy) : [];
  }) as [string[], string[]];
  return {
    removed: was.filter((line) => !is.includes(line)),
    added: is.filter((line) => !was.includes(line)),
  };
}

/** What happened, in one word. */
function happenedTo({ kind, event, before, after }: DefinitionChange): string {
  if (event !== 'changed' || !after) return event;
  if (kind === 'silence') return endedOrEdited(after);
  if ('removed_at' in after) return after.removed_at === null ? 'restored' : 'removed';
  if ('status' in after) return wordOfStatus(before?.status, after.status);
  if ('enabled' in after) return after.enabled === true ? 'enabled' : 'disabled';
  return Object.keys(after).join() === 'name' ? 'renamed' : 'edited';
}

const endedOrEdited = (after: Definition): string =>
  'ended_at' in after ? (after.ended_at === null ? 'begun again' : 'ended') : 'edited';

const wordOfStatus = (before: unknown, after: unknown): string =>
  after === 'active'
    ? ({ paused: 'resumed', disabled: 'enabled' }[String(before)] ?? 'active')
    : after === 'error'
      ? 'in error'
      : String(after);
