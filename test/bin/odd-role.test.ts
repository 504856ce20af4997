/** Settings of a role or database that break each session or change its role are named, with their place and their undo. */
import { randomBytes } from 'node:crypto';
import { expect, inject, onTestFinished, test } from 'vitest';
import { migrateQueue } from '../../src/queue/backend.ts';
import { testDatabase } from '../support/database.ts';
import { install, roundsman } from '../support/installation.ts';
import { administer } from '../support/postgres.ts';

const server = inject('postgresUrl');
const checkout = install('slow-bots.ts');

/** Creates a login in a migrated database, runs `make` for it, and resolves with what the commands print. */
async function told(make: (role: string, database: string) => string) {
  const { url } = await testDatabase();
  await migrateQueue(url);
  const role = `role_${randomBytes(5).toString('hex')}`;
  const database = new URL(url).pathname.slice(1);
  await administer(
    server,
    `CREATE ROLE ${role} LOGIN PASSWORD 'secret'`,
    `GRANT service_role, anon TO ${role}`,
    make(role, database),
  );
  onTestFinished(() => administer(server, `DROP ROLE ${role}`));
  const as = Object.assign(new URL(url), { username: role, password: 'secret' }).href;
  const say = async (...args: string[]) => {
    const { ended, heard } = roundsman(checkout, { DATABASE_URL: as, REDIS_URL: '' }, ...args);
    const code = await ended;
    return { code, text: heard.out + heard.err };
  };
  return { role, database, say };
}

const starts = [['worker'], ['scheduler'], ['doctor'], ['db', 'migrate'], ['round']];

test.each([
  ['role', 'ROLE', 'session_preload_libraries'],
  ['role', 'ROLE', 'local_preload_libraries'],
  ['role in a database', 'BOTH', 'session_preload_libraries'],
  ['database', 'DATABASE', 'session_preload_libraries'],
  ['database', 'DATABASE', 'local_preload_libraries'],
])(
  'a library of the %s that cannot be loaded (%s, %s)',
  async (_, kind, name) => {
    const target = (role: string, database: string) =>
      ({
        ROLE: `ROLE ${role}`,
        DATABASE: `DATABASE ${database}`,
        BOTH: `ROLE ${role} IN DATABASE ${database}`,
      })[kind]!;
    const { role, database, say } = await told(
      (...of) => `ALTER ${target(...of)} SET ${name} = 'nowhere'`,
    );
    const undo = new RegExp(
      `ALTER ${target(role, database).replace(role, `"?${role}"?`)} RESET ${name}`,
    );
    for (const args of starts) {
      const { code, text } = await say(...args);
      expect(code, args.join(' ')).toBe(1);
      expect(text).toContain('each one has to load a library that cannot be loaded');
      expect(text).toMatch(undo);
    }
  },
  60_000,
);

test.each(['ROLE', 'DATABASE'])(
  'a role that ALTER %s ... SET role sets in each session',
  async (kind) => {
    const target = (role: string, database: string) =>
      `${kind} ${kind === 'ROLE' ? role : database}`;
    const { role, database, say } = await told(
      (...of) => `ALTER ${target(...of)} SET role = 'anon'`,
    );
    for (const args of starts) {
      const { code, text } = await say(...args);
      expect(code, args.join(' ')).toBe(1);
      expect(text).toContain(`sessions of ${role} work as anon here`);
      expect(text).toContain(`ALTER ${target(role, database)} SET role = 'anon'`);
      expect(text).toContain(`as a superuser: ALTER ${target(role, database)} RESET role`);
    }
  },
  60_000,
);

test.each(['ROLE', 'DATABASE'])(
  'ALTER %s ... CONNECTION LIMIT 1',
  async (kind) => {
    const target = (role: string, database: string) =>
      `${kind} ${kind === 'ROLE' ? role : database}`;
    const { role, database, say } = await told(
      (...of) => `ALTER ${target(...of)} CONNECTION LIMIT 1`,
    );
    const name = kind === 'ROLE' ? role : database;
    for (const args of [['worker'], ['scheduler'], ['doctor'], ['round'], ['up']]) {
      const { code, text } = await say(...args);
      expect(code, args.join(' ')).toBe(1);
      expect(text).toContain(`the limit of the ${kind.toLowerCase()} ${name} is 1`);
      expect(text).toContain(`ALTER ${kind} "${name}" CONNECTION LIMIT`);
    }
  },
  60_000,
);
