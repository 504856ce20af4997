/**
 * The address of a database in the form that PostgreSQL's own programs (psql, pg_dump) take it: environment variables.
 * Arguments would show the password in every list of processes.
 */
import { serversIn } from '../ground/addresses/database-hosts.ts';
import { OwnClient } from './own-client.ts';

/** For each sslmode that `pg` and libpq understand differently: libpq's name of what `pg` means by it. */
const libpqModes: Record<string, string> = {
  'no-verify': 'require',
  prefer: 'verify-full',
  require: 'verify-full',
  'verify-ca': 'verify-full',
};

const files = { sslrootcert: 'PGSSLROOTCERT', sslcert: 'PGSSLCERT', sslkey: 'PGSSLKEY' };

/** `PGHOST`, `PGPASSWORD` and so on, for a program that has to connect to the same database in the same way. */
export function libpqEnvironment(address: string): Record<string, string> {
  const { searchParams } = new URL(address);
  const { host, port, user, database, password } = new OwnClient({
    // `pg` would read the files of TLS.
    connectionString: withoutParameters(/^ssl/, address).href,
  });
  const servers = serversIn(address);
  const parameter = (name: string) => searchParams.get(name) || undefined;
  const mode = parameter('sslmode') ?? (parameter('ssl') === 'no-verify' ? 'no-verify' : undefined);
  const isLibpqMode = parameter('uselibpqcompat') === 'true';
  const sslmode = mode && (isLibpqMode ? mode : (libpqModes[mode] ?? mode));
  const variables = {
    ...(servers.length > 1
      ? {
          PGHOST: servers.map((each) => each.host).join(','),
          PGPORT: servers.map((each) => each.port).join(','),
          PGTARGETSESSIONATTRS: 'read-write',
        }
      : { PGHOST: host, PGPORT: String(port) }),
    PGUSER: user,
    PGDATABASE: database,
    PGPASSWORD: typeof password === 'string' ? password : undefined,
    PGSSLMODE: sslmode,
    // Node trusts the authorities of the system where none is named; libpq only when it is told so.
    PGSSLROOTCERT: sslmode === 'verify-full' ? 'system' : undefined,
    PGOPTIONS: parameter('options'),
    ...Object.fromEntries(
      Object.entries(files).flatMap(([name, variable]) => {
        const file = parameter(name);
        return file ? [[variable, file]] : [];
      }),
    ),
  };
  return Object.fromEntries(
    Object.entries(variables).filter((entry): entry is [string, string] => Boolean(entry[1])),
  );
}

/** The address without the parameters of these names. */
function withoutParameters(names: RegExp, address: string): URL {
  const url = new URL(address);
  for (const name of new URL(address).searchParams.keys())
    if (names.test(name)) url.searchParams.delete(name);
  return url;
}

/** The address without its password, wherever it stands in it. */
export function withoutPassword(address: string): string {
  const url = withoutParameters(/password/i, address);
  url.password = '';
  return url.href;
}
