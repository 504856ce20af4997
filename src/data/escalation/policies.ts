/** The versions of the escalation policy, as rows of `engine.policies`: none is ever changed or removed. */
import { sql, type Selectable } from 'kysely';
import type { Db } from '../../database/connect.ts';
import type { EnginePolicies } from '../../database/tables.ts';
import { isPending } from '../bots/pending-tickets.ts';

export type PolicyRow = Selectable<EnginePolicies>;

/** The policy of this version, or the one in force; undefined if there is none. */
export const policyOf = (db: Db, version?: number): Promise<PolicyRow | undefined> =>
  db
    .selectFrom('engine.policies')
    .selectAll()
    .where('version', '=', version === undefined ? sql<number>`engine.current_policy()` : version)
    .executeTakeFirst();

/** The documents of these versions. */
export async function policyDocuments(
  db: Db,
  versions: readonly number[],
): Promise<Map<number, unknown>> {
  const rows = await db
    .selectFrom('engine.policies')
    .select(['version', 'policy'])
    .where('version', '=', sql<number>`ANY (${versions}::int[])`)
    .execute();
  return new Map(rows.map(({ version, policy }) => [version, policy]));
}

/** Adds a version, which is in force for every ticket that is opened from now on. */
export const addPolicy = (db: Db, document: unknown, by: string): Promise<PolicyRow> =>
  db
    .insertInto('engine.policies')
    .values({ policy: JSON.stringify(document), set_by: by })
    .returningAll()
    .executeTakeFirstOrThrow();

/** How many pending tickets began with another version than this one, or before there was any. */
export async function countOnOthers(db: Db, version: number): Promise<number> {
  const { count } = await db
    .selectFrom('bot_tickets')
    .select(sql<number>`count(*)::int`.as('count'))
    .where(isPending())
    .where('policy_version', 'is distinct from', version)
    .executeTakeFirstOrThrow();
  return count;
}
