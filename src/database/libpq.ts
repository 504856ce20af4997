/** The address of a database as PostgreSQL's own programs take it: variables of the environment, which no list of processes shows. */
import pg from 'pg';

/** `pg` and libpq mean different things by some modes; unless the address asks for libpq's meaning. */
const modes: Record<string, string> = {
  'no-verify': 'require',
  prefer: 'verify-full',
  require: 'verify-full',
  'verify-ca': 'verify-full',
};

const files = { sslrootcert: 'PGSSLROOTCERT', sslcert: 'PGSSLCERT', sslkey: 'PGSSLKEY' };

/** `PGHOST`, `PGPASSWORD` and so on, for a program that has to connect to the same database in the same way. */
export function libpqEnvironment(address: string): Record<string, string> {
  const { searchParams } = new URL(address);
  const { host, port, user, database, password } = new pg.Client({
    // `pg` would read the files of TLS.
    connectionString: without(/^ssl/, address).href,
  });
  const of = (name: string) => searchParams.get(name) || undefined;
  const mode = of('sslmode') ?? (of('ssl') === 'no-verify' ? 'no-verify' : undefined);
  const isLibpqs = of('uselibpqcompat') === 'true';
  const sslmode = mode && (isLibpqs ? mode : (modes[mode] ?? mode));
  const variables = {
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    PGDATABASE: database,
    PGPASSWORD: typeof password === 'string' ? password : undefined,
    PGSSLMODE: sslmode,
    // Node trusts the authorities of the system where none is named; libpq only when it is told so.
    PGSSLROOTCERT: sslmode === 'verify-full' ? 'system' : undefined,
    PGOPTIONS: of('options'),
    ...Object.fromEntries(
      Object.entries(files).flatMap(([name, variable]) => {
        const file = of(name);
        return file ? [[variable, file]] : [];
      }),
    ),
  };
  return Object.fromEntries(
    Object.entries(variables).filter((entry): entry is [string, string] => Boolean(entry[1])),
  );
}

/** The address without the parameters of these names. */
function without(names: RegExp, address: string): URL {
  const url = new URL(address);
  for (const name of new URL(address).searchParams.keys())
    if (names.test(name)) url.searchParams.delete(name);
  return url;
}

/** The address without its password, wherever it stands in it. */
export function withoutPassword(address: string): string {
  const url = without(/password/i, address);
  url.password = '';
  return url.href;
}
