/** A library that each new session has to load and that cannot be loaded: no session can begin. */
import { messageOf, type Explanation } from '../ground/errors.ts';
import { quotedName } from '../ground/text.ts';
import { connect } from './connect.ts';
import { settingSources, type SettingSource } from './odd-role.ts';

const words =
  /could not (access file|load library)|access to library .* is not allowed|incompatible library|can only be loaded via|must be loaded via/i;

const settings = ['session_preload_libraries', 'local_preload_libraries'] as const;

/**
 * Other ways to connect: another database may accept the login, and a client may override the second of the settings.
 */
function otherWays(url: string): string[] {
  const ways = ['postgres', 'template1'].map((name) =>
    Object.assign(new URL(url), { pathname: `/${name}` }),
  );
  for (const name of settings) {
    const way = new URL(url);
    const options = way.searchParams.get('options');
    way.searchParams.set('options', `${options ? `${options} ` : ''}-c ${name}=`);
    ways.push(way);
  }
  return ways.map(({ href }) => href);
}

async function ask(way: string, login: string, database: string): Promise<SettingSource[]> {
  const db = connect(way, { name: 'roundsman', max: 1, silenceMs: 2_000 });
  try {
    return (
      await Promise.all(settings.map((name) => settingSources(db, name, login, database)))
    ).flat();
  } finally {
    await db.destroy();
  }
}

/**
 * When such a setting caused `error` on a first connection: where it was set, and the statement that undoes it; null
 * otherwise.
 */
export async function explainUnloadable(url: string, error: unknown): Promise<Explanation | null> {
  const why = messageOf(error);
  if (!words.test(why) || !URL.canParse(url)) return null;
  const { username, pathname } = new URL(url);
  const login = decodeURIComponent(username || process.env.PGUSER || '');
  const database = decodeURIComponent(pathname.slice(1)) || process.env.PGDATABASE || login;
  const what = 'no session can begin, because each one has to load a library that cannot be loaded';
  for (const way of otherWays(url)) {
    const made = await ask(way, login, database).catch(() => []);
    if (made.length === 0) continue;
    return {
      what,
      why: `${why}; it was set with: ${made.map(({ set }) => set).join('; ')}`,
      hint: `as a superuser, who connects to another database: ${made.map(({ undo }) => undo).join('; ')}; or install the library on the server`,
    };
  }
  // Every user may load libraries from a path with /plugins/.
  const name = /\/plugins\//.test(why) ? settings[1] : settings[0];
  return {
    what,
    why: `${why}; ${name} names it, set for the role ${login} or for the whole server: this login can open no database`,
    hint: `as a superuser: ALTER ROLE ${quotedName(login)} RESET ${name} (ALTER ROLE ALL, ALTER ROLE ${quotedName(login)} IN DATABASE ${quotedName(database)}, or ALTER SYSTEM where it was set there; pg_db_role_setting tells); or install the library on the server`,
  };
}
