/** SQL is cut where PostgreSQL's lexer ends a statement. */
import { expect, test } from 'vitest';
import { statementsIn } from '../../src/backup/restore/split-sql.ts';
import { emptyDatabase } from '../support/database.ts';

const cut = (text: string) => [...statementsIn(text)];

test.each([
  ['nothing', '', []],
  ['comments alone', '-- one;\n/* two; /* three; */ */ ;', []],
  ['two', 'SELECT 1; SELECT 2', ['SELECT 1', 'SELECT 2']],
  [
    'a quoted semicolon',
    `SELECT ';', 'it''s;' AS "a;""b"; SELECT 2;`,
    [`SELECT ';', 'it''s;' AS "a;""b"`, 'SELECT 2'],
  ],
  [
    'a backslash that escapes',
    String.raw`SELECT E'\';'; SELECT 2`,
    [String.raw`SELECT E'\';'`, 'SELECT 2'],
  ],
  [
    'a backslash that does not',
    String.raw`SELECT '\'; SELECT 2`,
    [String.raw`SELECT '\'`, 'SELECT 2'],
  ],
  [
    'a body in dollars',
    'DO $a$ BEGIN x; $b$;$b$ END $a$; SELECT 2',
    ['DO $a$ BEGIN x; $b$;$b$ END $a$', 'SELECT 2'],
  ],
  [
    'a parameter, which is no dollar quote',
    'SELECT $1; SELECT a$b$; SELECT 2',
    ['SELECT $1', 'SELECT a$b$', 'SELECT 2'],
  ],
  [
    'a rule',
    'CREATE RULE r AS ON INSERT TO t DO (a; b); SELECT 2',
    ['CREATE RULE r AS ON INSERT TO t DO (a; b)', 'SELECT 2'],
  ],
  [
    'a body of BEGIN ATOMIC with CASE',
    'CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END; SELECT 3',
    [
      'CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END',
      'SELECT 3',
    ],
  ],
])('%s', (_, text, statements) => {
  expect(cut(text)).toEqual(statements);
});

test('the server reads each of the statements as one', async () => {
  const { db, url } = await emptyDatabase();
  const { connectAlone } = await import('../../src/database/connect.ts');
  const client = await connectAlone(url, { name: 'roundsman test' });
  const text = String.raw`CREATE TABLE t (a text DEFAULT 'x;y', "b;c" int);
    CREATE FUNCTION f(a int) RETURNS int LANGUAGE plpgsql AS $body$ BEGIN RETURN a; END; $body$;
    CREATE FUNCTION g(a int) RETURNS int BEGIN ATOMIC SELECT CASE a WHEN 1 THEN 2 ELSE 3 END; SELECT 4; END;
    CREATE RULE r AS ON DELETE TO t DO ALSO (SELECT 1; SELECT 2);
    INSERT INTO t VALUES (E'\';', 1), ('\', 2);`;
  for (const statement of cut(text))
    // The extended protocol takes exactly one statement.
    await client.query({ text: statement, values: [], queryMode: 'extended' } as never);
  const { rows } = await client.query('SELECT a, g(1) FROM t ORDER BY 1');
  expect(rows).toEqual([
    { a: "';", g: 4 },
    { a: '\\', g: 4 },
  ]);
  await client.end();
  await db.destroy();
});
