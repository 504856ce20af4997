/** Explains why no session can begin: each new one has to load a library that cannot be loaded. */
import { messageOf, type Explanation } from '../ground/errors.ts';
import { databaseNameIn } from '../ground/addresses/database-name.ts';
import { quotedIdentifier } from '../ground/text.ts';
import { connect } from './connect.ts';
import { settingSources, type SettingSource } from './odd-role.ts';

const loadFailure =
  /could not (access file|load library)|access to library .* is not allowed|incompatible library|can only be loaded via|must be loaded via/i;

const settings = ['session_preload_libraries', 'local_preload_libraries'] as const;

/**
 * Other addresses of the same server at which a session may begin: the library may have been set for this database only; every
 * login may clear `local_preload_libraries` for its own session, and a superuser `session_preload_libraries`, too.
 */
function otherAddresses(url: string): string[] {
  const addresses = ['postgres', 'template1'].map((name) =>
    Object.assign(new URL(url), { pathname: `/${name}` }),
  );
  for (const name of settings) {
    const address = new URL(url);
    const options = address.searchParams.get('options');
    address.searchParams.set('options', `${options ? `${options} ` : ''}-c ${name}=`);
    addresses.push(address);
  }
  return addresses.map(({ href }) => href);
}

async function sourcesFrom(
  address: string,
  login: string,
  database: string,
): Promise<SettingSource[]> {
  const db = connect(address, { name: 'roundsman', max: 1, silenceMs: 2_000 });
  try {
    return (
      await Promise.all(settings.map((name) => settingSources(db, name, login, database)))
    ).flat();
  } finally {
    await db.destroy();
  }
}

/**
 * If a library that cannot be loaded caused `error` on a first connection, returns where the library was set, and the
 * statement that undoes it. Returns null for other errors.
 */
export async function explainUnloadable(url: string, error: unknown): Promise<Explanation | null> {
  const why = messageOf(error);
  if (!loadFailure.test(why) || !URL.canParse(url)) return null;
  const { username } = new URL(url);
  const login = decodeURIComponent(username || process.env.PGUSER || '');
  const database = databaseNameIn(url) ?? (process.env.PGDATABASE || login);
  const what = 'no session can begin, because each one has to load a library that cannot be loaded';
  for (const address of otherAddresses(url)) {
    const sources = await sourcesFrom(address, login, database).catch(() => []);
    if (sources.length === 0) continue;
    return {
      what,
      why: `${why}; it was set with: ${sources.map(({ set }) => set).join('; ')}`,
      hint: `as a superuser, who connects to another database: ${sources.map(({ undo }) => undo).join('; ')}; or install the library on the server`,
    };
  }
  // Libraries of local_preload_libraries have to be in $libdir/plugins; PostgreSQL does not allow access to others.
  const name = /\/plugins\/|access to library .* is not allowed/.test(why)
    ? settings[1]
    : settings[0];
  return {
    what,
    why: `${why}; ${name} names it, set for the role ${login} or for the whole server: this login can open no database`,
    hint: `as a superuser: ALTER ROLE ${quotedIdentifier(login)} RESET ${name} (ALTER ROLE ALL, ALTER ROLE ${quotedIdentifier(login)} IN DATABASE ${quotedIdentifier(database)}, or ALTER SYSTEM where it was set there; pg_db_role_setting tells); or install the library on the server`,
  };
}
