/** `engine.reports`: the report of each morning, as it was made. */
import type { Kysely } from 'kysely';
import type { Database } from '../../database/connect.ts';

/** The report that was due then. */
export const storedReport = (db: Kysely<Database>, dueAt: Date) =>
  db.selectFrom('engine.reports').selectAll().where('due_at', '=', dueAt).executeTakeFirst();

/** When the newest of them was due, which is where its period ends; null where there is none. */
export async function lastReportDue(db: Kysely<Database>): Promise<Date | null> {
  const { last } = await db
    .selectFrom('engine.reports')
    .select((eb) => eb.fn.max('due_at').as('last'))
    .executeTakeFirstOrThrow();
  return last;
}

/** Whether a day of a zone has its report. One whose zone was not kept counts for every zone. */
export async function hasReport(
  db: Kysely<Database>,
  { day, timezone }: { day: string; timezone: string },
): Promise<boolean> {
  const row = await db
    .selectFrom('engine.reports')
    .select('day')
    .where('day', '=', day)
    .where((eb) => eb.or([eb('timezone', '=', timezone), eb('timezone', 'is', null)]))
    .executeTakeFirst();
  return row !== undefined;
}
