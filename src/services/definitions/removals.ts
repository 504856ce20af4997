/** How much a prune may remove without being asked for it by number. */
import { UsageError } from '../../ground/errors.ts';
import { counted } from '../../ground/text.ts';
import type { Plan } from './planning/change.ts';

/** A plan would remove more definitions than was agreed to. Nothing was changed. */
export class TooManyRemovalsError extends UsageError {}

/**
 * Throws {@link TooManyRemovalsError} for a plan that removes more than a tenth of what its set has, unless `agreed` is exactly the
 * number of what it removes.
 */
export function refuseManyRemovals({ set, changes, owned }: Plan, agreed: number | null): void {
  const removed = changes.filter(({ action }) => action === 'remove').length;
  if (agreed !== null && agreed !== removed)
    throw new TooManyRemovalsError({
      what: 'nothing was applied',
      why: `${counted(removed, 'definition')} would be removed, and --yes says ${agreed}`,
      hint: `look at the plan, and give --yes ${removed}`,
    });
  if (agreed !== null || removed * 10 <= owned) return;
  throw new TooManyRemovalsError({
    what: 'nothing was applied',
    why: `${removed} of the ${counted(owned, 'definition')} of the set ${set} would be removed, which is more than a tenth`,
    hint: `look at the plan, and give --yes ${removed} if that is meant`,
  });
}
