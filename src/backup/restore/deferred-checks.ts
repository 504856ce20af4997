/**
 * Conditions of tables and domains (CHECK) that rows of the backup do not meet while it is restored: one that reads other tables is met only when their
 * rows are there, too. It is taken away, and put back when all rows are.
 */
import type pg from 'pg';
import { stateOf } from '../../database/faults/sql-states.ts';
import { messageOf } from '../../ground/errors.ts';

interface Check {
  /** `TABLE` or `DOMAIN`, and its name */
  of: string;
  name: string;
  definition: string;
  comment: string | null;
}

/** The table that has the constraint itself: partitions and children inherit it. */
const find = `
  WITH RECURSIVE up AS (
    SELECT k.conrelid, k.coninhcount FROM pg_constraint k
    JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE k.contype = 'c' AND k.conname = $1 AND n.nspname = $2 AND c.relname = $3
    UNION
    SELECT k.conrelid, k.coninhcount FROM up
    JOIN pg_inherits i ON i.inhrelid = up.conrelid
    JOIN pg_constraint k ON k.conrelid = i.inhparent AND k.contype = 'c' AND k.conname = $1
  )
  SELECT format('TABLE %I.%I', n.nspname, c.relname) AS of, quote_ident(k.conname) AS name,
         pg_get_constraintdef(k.oid) AS definition, quote_literal(obj_description(k.oid, 'pg_constraint')) AS comment
  FROM up JOIN pg_class c ON c.oid = up.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_constraint k ON k.conrelid = up.conrelid AND k.contype = 'c' AND k.conname = $1
  WHERE up.coninhcount = 0`;

const findOfDomain = `
  SELECT format('DOMAIN %I.%I', n.nspname, t.typname) AS of, quote_ident(k.conname) AS name,
         pg_get_constraintdef(k.oid) AS definition, quote_literal(obj_description(k.oid, 'pg_constraint')) AS comment
  FROM pg_constraint k JOIN pg_type t ON t.oid = k.contypid JOIN pg_namespace n ON n.oid = t.typnamespace
  WHERE k.contype = 'c' AND k.conname = $1 AND n.nspname = $2 AND t.typname = $3`;

/** Within the client's transaction, after the failed statement was taken back. */
export function deferredChecks(client: pg.ClientBase) {
  const all: Check[] = [];
  return {
    /** Whether the error is of such a condition, which is away now. */
    async putOff(error: unknown): Promise<boolean> {
      const { schema, table, dataType, constraint } = error as Partial<pg.DatabaseError>;
      const owner = table ?? dataType;
      if (stateOf(error) !== '23514' || !schema || !owner || !constraint) return false;
      const { rows } = await client.query<Check>(table ? find : findOfDomain, [
        constraint,
        schema,
        owner,
      ]);
      for (const each of rows) {
        await client.query(`ALTER ${each.of} DROP CONSTRAINT ${each.name}`);
        all.push(each);
      }
      return rows.length > 0;
    },
    /** Puts them back when all rows are there. One sentence for each that the rows break, which is not checked then. */
    async putBack(): Promise<string[]> {
      const broken: string[] = [];
      for (const { of, name, definition, comment } of all) {
        const add = `ALTER ${of} ADD CONSTRAINT ${name} ${definition}`;
        await client.query('SAVEPOINT put_back');
        try {
          await client.query(add);
        } catch (error) {
          await client.query('ROLLBACK TO SAVEPOINT put_back');
          await client.query(`${add} NOT VALID`);
          broken.push(`rows break a condition, which is not checked now: ${messageOf(error)}`);
        }
        await client.query('RELEASE SAVEPOINT put_back');
        if (comment !== null)
          await client.query(
            `COMMENT ON CONSTRAINT ${name} ON ${of.replace(/^TABLE /, '')} IS ${comment}`,
          );
      }
      return broken;
    },
  };
}
