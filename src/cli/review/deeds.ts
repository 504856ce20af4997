/** What a person did in a review, so that they can undo it. */
import type { Context, Done, Undone, Version } from './actions/action.ts';

export interface Deed {
  done: Done;
  ticket: string;
  /** the version that the ticket has as long as only this person changes it; null where its version does not matter */
  version: Version | null;
}

export const deedOf = (done: Done, ticket: string): Deed => ({
  done,
  ticket,
  version: 'versions' in done.undo ? (done.undo.versions?.after ?? null) : null,
});

/** Undoes a deed that can be undone. Throws what the service throws, also where another person has changed the ticket since. */
export function undo(context: Context, { done, version }: Deed): Promise<Undone> {
  if ('cannot' in done.undo)
    throw new Error(`asked to undo what cannot be undone: ${done.message}`);
  return done.undo.perform(context, version ?? undefined);
}

/**
 * What can still be undone after the last deed was undone. The undo has given its ticket another version, and those of other
 * tickets that changed with it; but they are as they were before the last deed, so what the same person did before that can be
 * undone from the new versions.
 */
export function withoutLast(all: readonly Deed[], { version, others = [] }: Undone): Deed[] {
  const last = all.at(-1);
  const before = last && 'versions' in last.done.undo ? last.done.undo.versions?.before : undefined;
  const own =
    last && before !== undefined && version !== null
      ? [{ ticket: last.ticket, before, after: version }]
      : [];
  return all.slice(0, -1).map((deed) => {
    const now = [...own, ...others].find(
      (each) => each.ticket === deed.ticket && each.before === deed.version,
    );
    return now ? { ...deed, version: now.after } : deed;
  });
}
