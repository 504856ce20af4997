/**
 * PostgreSQL looks for types in pg_temp before any schema that a search_path names, unless it names
 * pg_temp too. Everybody may make types there, and the CHECK of a domain runs as whoever converts to it.
 */
import { expect, it } from 'vitest';
import { become, isAllowed, users } from './rls-cell.ts';
import { engineMatrix, matrix } from './rls-matrix.ts';
import { all, as, client, openSession, tried } from './rls-session.ts';

openSession();

/** Domains with the names of types; their CHECK tells when it runs as anybody but a client's role. */
const hostile = [
  ...['text', 'uuid', 'jsonb', 'timestamptz', 'int4', 'int8', 'name', 'regclass'].map(
    (type) => `
      CREATE FUNCTION pg_temp.look(pg_catalog.${type}) RETURNS pg_catalog.bool LANGUAGE plpgsql AS $$
      BEGIN
        IF current_user NOT IN ('anon', 'authenticated', 'service_role') THEN
          RAISE 'it runs as somebody else';
        END IF;
        RETURN true;
      END $$`,
  ),
  ...['text', 'uuid', 'jsonb', 'timestamptz', 'int4', 'int8', 'name', 'regclass'].map(
    (type) => `CREATE DOMAIN pg_temp.${type} AS pg_catalog.${type} CHECK (pg_temp.look(VALUE))`,
  ),
].join(';');
const mine = become('authenticated', users.own);

const parent = '00000000-0000-4000-8000-000000000098';
const planted = `INSERT INTO javari_projects (id, user_id, name) VALUES ('${parent}', '${users.own}', 'p')`;
const attacks = {
  'a project below another': [
    mine,
    `INSERT INTO javari_projects (user_id, name, parent_project_id) VALUES ('${users.own}', 'q', '${parent}')`,
    'engine.guard_project_tree()',
  ],
  'a look at the profiles': [mine, 'SELECT FROM profiles', 'auth.uid()'],
  'a completed payment': [
    become('service_role'),
    `INSERT INTO transactions (user_id, provider, type, amount_cents, status, credits_granted)
     VALUES ('${users.own}', 'stripe', 'purchase', 100, 'completed', 10)`,
    'engine.book_payment()',
  ],
} as const;

it.for(Object.entries(attacks))('%s converts to no type of pg_temp', async ([, [who, text]]) => {
  expect(await tried(`${who}; ${hostile}`, text, planted)).toBe(1);
});

it.for(Object.entries(attacks))(
  '%s would, if the function had an empty search_path',
  async ([, [who, text, called]]) => {
    const loose = `${planted}; ALTER FUNCTION ${called} SET search_path = ''`;
    expect(await tried(`${who}; ${hostile}`, text, loose)).toBe('it runs as somebody else');
  },
);

it('neither does anything else that somebody may do', async () => {
  for (const cell of [...matrix, ...engineMatrix].filter(({ allowed }) => allowed))
    expect(await isAllowed(client, cell, hostile), Object.values(cell).join(' ')).toBe(true);
  expect(await as('service_role', `SELECT engine.claim(NULL, 10, '[]')`, hostile)).toBe(1);
});

it('every function sets its search_path, pg_temp last', async () => {
  const loose = await all(
    `SELECT p.oid::regprocedure::text AS name, p.proconfig FROM pg_proc p
     WHERE p.pronamespace = ANY ('{public,engine,private,auth}'::regnamespace[])
       AND NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (p.proconfig), false)`,
  );
  expect(loose).toEqual([]);
});
