/** What a person did in a review, so that they can undo it. */
import type { Context, Done, Undone, Version } from './actions/action.ts';

export interface OwnChange {
  done: Done;
  ticket: string;
  /** the version that the ticket has as long as only this person changes it; null where its version does not matter */
  version: Version | null;
}

export const ownChangeOf = (done: Done, ticket: string): OwnChange => ({
  done,
  ticket,
  version: 'versions' in done.undo ? (done.undo.versions?.after ?? null) : null,
});

/** Undoes a change that can be undone. Throws what the service throws, also where another person has changed the ticket since. */
export function undo(context: Context, { done, version }: OwnChange): Promise<Undone> {
  if ('cannot' in done.undo)
    throw new Error(`asked to undo what cannot be undone: ${done.message}`);
  return done.undo.perform(context, version ?? undefined);
}

/**
 * The changes that can still be undone after the last one was undone. The undo gave its ticket a new version, and so it did other
 * tickets that had changed with it; but their content is as before the last change: an earlier change by the same person can be
 * undone from the new versions.
 */
export function withoutLast(
  all: readonly OwnChange[],
  { version, others = [] }: Undone,
): OwnChange[] {
  const last = all.at(-1);
  const before = last && 'versions' in last.done.undo ? last.done.undo.versions?.before : undefined;
  const own =
    last && before !== undefined && version !== null
      ? [{ ticket: last.ticket, before, after: version }]
      : [];
  return all.slice(0, -1).map((change) => {
    const now = [...own, ...others].find(
      (each) => each.ticket === change.ticket && each.before === change.version,
    );
    return now ? { ...change, version: now.after } : change;
  });
}
