/**
 * Writes the changes of an edit to an entry while the entry is locked. Every change is recorded. A change of the
 * content is recorded as `edited`: from then on the entry's shadowed decisions are counted from zero, and outcomes of an
 * earlier solution no longer count. An edit that lowers the autonomy of an entry, or replaces its solution, also lowers the
 * autonomy of components that their own outcomes had raised above it.
 *
 * From: any autonomy, enabled or not.
 * To: the autonomy that the edit names; `suggest` instead of `auto` if the edit replaces the solution and names no autonomy.
 * By: an admin.
 * Locks: the entry, then the autonomy of its components.
 * Zero rows: the entry already has these values: null is returned.
 */
import type { Transaction } from 'kysely';
import {
  contentOf,
  autonomyAfter,
  replacesSolution,
  pick,
  type KnowledgeEdit,
  type KnowledgeRow,
} from '../../data/bots/bot-knowledge.ts';
import type { Database } from '../../database/connect.ts';
import { autonomyRank } from '../../ground/autonomy.ts';
import { lowerAutonomyOfComponents } from './lower-components.ts';
import { nameOfChange, writeEvent, type Change, type KnowledgeEvent } from './write-event.ts';

const whySuggestOnly =
  'its solution was replaced, and the new one has no outcomes yet by which it may act alone';

export async function editKnowledge(
  trx: Transaction<Database>,
  id: string,
  edit: (entry: KnowledgeRow) => KnowledgeEdit,
  change: Change,
): Promise<{ before: KnowledgeRow; after: KnowledgeRow } | null> {
  const before = await trx
    .selectFrom('bot_knowledge')
    .selectAll()
    .where('id', '=', id)
    .forNoKeyUpdate()
    .executeTakeFirstOrThrow();
  const edited = edit(before);
  const autonomy = autonomyAfter(before, edited);
  const newValues: KnowledgeEdit = autonomy === before.autonomy ? edited : { ...edited, autonomy };
  const columns = (Object.keys(newValues) as (keyof KnowledgeEdit)[]).filter(
    (column) => newValues[column] !== before[column],
  );
  if (columns.length === 0) return null;
  const rises = autonomyRank(autonomy) > autonomyRank(before.autonomy);
  // Recorded harm says nothing about another solution. It also stops counting when a person, who has seen it, gives the entry
  // more autonomy.
  const clearsHarm = replacesSolution(before, newValues) || rises;
  const after = await trx
    .updateTable('bot_knowledge')
    .set({ ...pick(newValues, columns), ...(clearsHarm && { aftermath: null }) })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow();
  const lowered = edited.autonomy === undefined && after.autonomy !== before.autonomy;
  const recorded = lowered ? { ...change, why: change.why ?? whySuggestOnly } : change;
  for (const event of eventsOf(before, after, change.figures))
    await writeEvent(trx, id, event, recorded);
  if (
    replacesSolution(before, newValues) ||
    autonomyRank(after.autonomy) < autonomyRank(before.autonomy)
  )
    await lowerAutonomyOfComponents(trx, after, recorded);
  return { before, after };
}

function eventsOf(before: KnowledgeRow, after: KnowledgeRow, figures?: object): KnowledgeEvent[] {
  const [was, is] = [contentOf(before), contentOf(after)];
  const edited = (Object.keys(was) as (keyof typeof was)[]).filter(
    (each) => was[each] !== is[each],
  );
  const eventOf = (
    event: KnowledgeEvent['event'],
    columns: readonly (keyof KnowledgeEdit)[],
  ): KnowledgeEvent => ({ event, before: pick(before, columns), after: pick(after, columns) });
  return [
    ...(edited.length > 0 ? [eventOf('edited', edited)] : []),
    ...(before.autonomy !== after.autonomy
      ? [{ ...eventOf(nameOfChange(before.autonomy, after.autonomy), ['autonomy']), figures }]
      : []),
    ...(before.enabled !== after.enabled
      ? [eventOf(after.enabled ? 'enabled' : 'disabled', ['enabled'])]
      : []),
  ];
}
