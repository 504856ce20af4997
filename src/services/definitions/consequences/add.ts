/** What follows from a change of a definition, in sentences. Computed for the first changes of a plan, within a limit of time. */
import type { Catalogue } from '../../../catalogue/catalogue.ts';
import { currentTime } from '../../../data/bots/engine.ts';
import type { Db } from '../../../database/connect.ts';
import { counted } from '../../../ground/text.ts';
import { startTimeLimit } from '../../../heal/patterns/timed-text.ts';
import type { Values } from '../kinds/kind.ts';
import type { Change } from '../planning/change.ts';
import type { Looking } from './looking.ts';
import { runsInWords } from './of-bots.ts';
import { gatesInWords, matchesInWords } from './of-knowledge.ts';
import { budgetInWords } from './of-limits.ts';
import { policyConsequences } from './of-policy.ts';

/** Of how many changes the consequences are computed, and for how long. */
const maxChanges = 50;
const maxMs = 10_000;

/** Fills `consequences` of the changes in; says in the last one where they were left out. */
export async function addConsequences(
  { db, catalogue }: { db: Db; catalogue: Catalogue },
  changes: readonly Change[],
): Promise<string[]> {
  const isOver = startTimeLimit(maxMs);
  const now = await currentTime(db);
  const looking = { db, catalogue, now, isOver };
  let left = 0;
  for (const [index, change] of changes.entries()) {
    if (index >= maxChanges || isOver()) left += 1;
    else change.consequences = await consequencesOf(looking, change);
  }
  return left > 0
    ? [`what follows from ${counted(left, 'more change')} was not computed: there are many`]
    : [];
}

async function consequencesOf(looking: Looking, change: Change): Promise<string[]> {
  const before = change.before?.values ?? null;
  const after: Values | null = change.action === 'remove' ? null : { ...before, ...change.wanted };
  const differs = (...fields: string[]) =>
    change.action === 'add' || change.fields.some(({ field }) => fields.includes(field));
  switch (change.kind.kind) {
    case 'bots':
      if (after === null)
        return ['its runs that wait are cancelled, and its open findings and tickets resolved'];
      return differs('schedule', 'timezone', 'enabled')
        ? runsInWords(looking.now, before, after)
        : [];
    case 'knowledge':
      return [
        ...(await gatesInWords(looking, before, after)),
        ...(after !== null && differs('pattern')
          ? await matchesInWords(looking, String(after.pattern))
          : []),
      ];
    case 'policy':
      return policyConsequences(looking, before, after ?? change.kind.defaults(change.name));
    case 'limits':
      return budgetInWords(looking, change);
    default:
      return [];
  }
}
