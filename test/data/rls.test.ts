import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { isAllowed, undone } from './rls-cell.ts';
import { rlsDocument } from './rls-document.ts';
import { commands, engineMatrix, identities, matrix, patterns, type Cell } from './rls-matrix.ts';
import { all, client, openSession } from './rls-session.ts';

openSession();

const documented = Object.keys(patterns);
const cells = [...matrix, ...engineMatrix];
const cellsOf = Map.groupBy(cells, ({ table }) => table);

describe('the matrix', () => {
  it('has 1,152 cells: 36 tables, 4 commands, 8 identities', () => {
    expect(documented).toHaveLength(36);
    expect(new Set(matrix.map(({ table }) => table))).toEqual(new Set(documented));
    expect(new Set(matrix.map((cell) => Object.values(cell).slice(0, 3).join())).size).toBe(1152);
    expect(commands.length * identities.length * documented.length).toBe(1152);
  });

  it.for(cells)('$table: $command as $identity, allowed: $allowed', async (cell) => {
    expect(await isAllowed(client, cell)).toBe(cell.allowed);
  });
});

describe('losing', () => {
  const differs = async (candidates: Cell[]): Promise<boolean> => {
    for (const cell of candidates) {
      if ((await isAllowed(client, cell)) !== cell.allowed) return true;
    }
    return false;
  };
  /** Those changes that no cell of their table notices; the likeliest cells are asked first. */
  async function unnoticed(changes: { table: string; change: string; about: string }[]) {
    const quiet: string[] = [];
    for (const { table, change, about } of changes)
      await undone(client, async () => {
        await client.query(change);
        const order = cellsOf
          .get(table)!
          .toSorted(
            (a, b) =>
              Number(about.includes(b.command)) - Number(about.includes(a.command)) ||
              Number(b.allowed) - Number(a.allowed),
          );
        if (!(await differs(order))) quiet.push(change);
      });
    return quiet;
  }

  it('nothing changes no cell: the question can be answered with no', async () => {
    const changes = ['profiles', 'app_catalog', 'bot_metrics'].map((table) => ({
      table,
      about: '',
      change: `COMMENT ON TABLE ${table} IS 'x'`,
    }));
    expect(await unnoticed(changes)).toEqual(changes.map(({ change }) => change));
  });

  it('any one policy changes a cell', async () => {
    const changes = await all(
      `SELECT tablename AS table, lower(cmd) AS about, format('DROP POLICY %I ON %I', policyname, tablename) AS change
       FROM pg_policies WHERE schemaname = 'public' AND policyname <> 'Checks read'`,
    );
    expect(changes.length).toBeGreaterThan(80);
    expect(await unnoticed(changes)).toEqual([]);
  });

  it('any one grant on a table or column changes a cell', async () => {
    const changes = await all(
      `SELECT c.relname AS table, lower(g.privilege_type) AS about,
              format('REVOKE %s ON %I FROM %I', g.privilege_type, c.relname, g.grantee::regrole) AS change
       FROM pg_class c, aclexplode(c.relacl) g
       WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND g.grantee <> c.relowner
         AND g.grantee <> 'roundsman_reader'::regrole
         AND g.privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
       UNION ALL
       SELECT c.relname, lower(g.privilege_type),
              format('REVOKE %s (%I) ON %I FROM %I', g.privilege_type, a.attname, c.relname, g.grantee::regrole)
       FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid, aclexplode(a.attacl) g
       WHERE c.relnamespace = 'public'::regnamespace AND g.grantee <> c.relowner`,
    );
    expect(changes.length).toBeGreaterThan(300);
    expect(await unnoticed(changes)).toEqual([]);
  });

  it('the right to any one function that policies call changes a cell', async () => {
    const changes = await all(
      `SELECT DISTINCT ON (p.oid) policies.tablename AS table, lower(cmd) AS about,
              format('REVOKE EXECUTE ON FUNCTION %s FROM authenticated', p.oid::regprocedure) AS change
       FROM pg_proc p LEFT JOIN pg_policies policies
         ON strpos(concat(qual, with_check), 'private.' || p.proname || '(') > 0
       WHERE p.pronamespace = 'private'::regnamespace`,
    );
    expect(changes).toHaveLength(6);
    expect(await unnoticed(changes)).toEqual([]);
  });
});

it('docs/rls.md shows this matrix', async () => {
  const file = new URL('../../docs/rls.md', import.meta.url);
  if (process.env.UPDATE_DOCS) await writeFile(file, rlsDocument());
  expect(await readFile(file, 'utf8')).toBe(rlsDocument());
});
