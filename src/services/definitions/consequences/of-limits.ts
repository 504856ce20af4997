import { sql } from 'kysely';
import { counted } from '../../../ground/text.ts';
import type { Change } from '../planning/change.ts';
import type { Looking } from './looking.ts';

/** Whether the heals of the last hour open or close the gate `budget` under the new limit. */
export async function budgetInWords(
  { db }: Looking,
  { kind, name, before, fields }: Change,
): Promise<string[]> {
  if (name !== 'heals_per_hour') return [];
  // A limit that the set no longer names goes back to what it usually is.
  const [field] = fields;
  const [old, wanted] = field
    ? [field.before, field.after]
    : [before?.values.value, kind.defaults(name).value];
  const { rows } = await sql<{ count: number }>`
    SELECT count(DISTINCT heal_id)::int AS count FROM bot_actions
    WHERE taken_at > engine.now() - interval '1 hour' AND fingerprint NOT LIKE 'external-%'`.execute(
    db,
  );
  const [{ count }] = rows as [{ count: number }];
  const closed = (limit: unknown) => typeof limit !== 'number' || count >= limit;
  const [was, is] = [closed(old), closed(wanted)];
  const heals = `${counted(count, 'heal')} began in the last hour`;
  if (was === is) return [`${heals}: the gate budget stays ${is ? 'closed' : 'open'}`];
  return [`${heals}: the gate budget ${is ? 'closes' : 'opens'}`];
}
