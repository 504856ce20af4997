import type { Catalogue } from '../../catalogue/catalogue.ts';
import { currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';
import { explain } from '../../heal/explain.ts';
import { findFinding } from './find.ts';

export type { Explained, Explanation } from '../../heal/explain.ts';
export type { FindingRow } from './list.ts';

/**
 * A finding, what a run would do about it now, and what was decided about it and why. Throws NotFoundError,
 * AmbiguousIdError.
 */
export async function explainFinding(
  { db, catalogue }: { db: Db; catalogue: () => Promise<Catalogue> },
  { finding: given }: { finding: string },
) {
  const finding = await findFinding(db, given);
  const explanation = await explain(db, await catalogue(), finding);
  return { finding, explanation, now: await currentTime(db) };
}
