/** Finds the event trigger that refused a statement. Event triggers run when a statement changes the schema. */
import { sql, type Kysely } from 'kysely';
import { messageOf } from '../../ground/errors.ts';

/** An event trigger that refused a statement. */
export interface Refusal {
  trigger: string;
  /** what its function raised */
  message: string;
}

/**
 * The event trigger whose function raised this error; null where there is none. PostgreSQL names the function in the
 * error's context only if it is written in PL/pgSQL: triggers with other functions are not recognised.
 */
export async function refusalByEventTrigger(
  db: Kysely<any>,
  error: unknown,
): Promise<Refusal | null> {
  const where = typeof error === 'object' && error !== null && 'where' in error ? error.where : '';
  const names = [...String(where).matchAll(/^PL\/pgSQL function (.+)\(\) line /gm)].map(
    ([, name]) => name!,
  );
  if (names.length === 0) return null;
  const { rows } = await sql<{ trigger: string }>`
    SELECT quote_ident(evtname) AS trigger FROM pg_event_trigger JOIN pg_proc p ON p.oid = evtfoid
    WHERE evtenabled <> 'D'
      AND (quote_ident(proname) = ANY (${names}) OR format('%I.%I', pronamespace::regnamespace::text, proname) = ANY (${names}))
    ORDER BY 1 LIMIT 1`.execute(db);
  return rows[0] ? { trigger: rows[0].trigger, message: messageOf(error) } : null;
}

/** What a person does to switch this event trigger off. */
export const switchOff = ({ trigger }: Refusal): string =>
  `as a superuser: ALTER EVENT TRIGGER ${trigger} DISABLE`;
