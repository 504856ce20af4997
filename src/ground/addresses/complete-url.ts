/**
 * Completes the address of a database with the values that it leaves to the environment: a process that gets only the
 * address then connects in the same way. It reads the variables as `pg` does; they are PostgreSQL's own (libpq).
 */

import { withFirstHost, withHosts, withoutHost, written } from './database-hosts.ts';

const anyHost = 'localhost';

/** The modes by which `pg` means TLS with a verified server certificate. */
const verifiedModes = new Set(['prefer', 'require', 'verify-ca', 'verify-full']);

/**
 * @param text the value of DATABASE_URL; returned unchanged if it is not a URL even with a host added
 * @param environment `PGHOST`, `PGPORT`, `PGUSER` (else `USER`), `PGPASSWORD`, `PGDATABASE`, `PGSSLMODE`,
 *   `PGSSLNEGOTIATION` and `PGOPTIONS` count where the address says nothing
 */
export function completeUrl(text: string, environment: NodeJS.ProcessEnv): string {
  const single = withFirstHost(text, environment.PGPORT?.split(',')[0] || undefined);
  const readable = URL.canParse(single) ? single : single.replace(withoutHost, `$1${anyHost}`);
  if (!URL.canParse(readable)) return text;
  const url = new URL(readable);
  const before = url.href;
  if (single === text && (readable !== text || url.hostname === '')) addHost(url, environment);
  addLogin(url, environment);
  if (/^\/?$/.test(url.pathname) && environment.PGDATABASE)
    url.pathname = `/${encodeURIComponent(environment.PGDATABASE)}`;
  addParameters(url, environment);
  return url.href === before && readable === text ? text : url.href;
}

const isGiven = (url: URL, name: string): boolean => Boolean(url.searchParams.get(name));

function addHost(url: URL, { PGHOST, PGPORT }: NodeJS.ProcessEnv): void {
  const host = url.searchParams.get('host') || PGHOST || anyHost;
  url.searchParams.delete('host');
  if (host.includes(',')) url.href = withHosts(url, host, url.port || PGPORT || '');
  else url.hostname = written(host);
}

function addLogin(url: URL, { PGPORT, PGUSER, USER, PGPASSWORD }: NodeJS.ProcessEnv): void {
  if (!url.port && !isGiven(url, 'port') && PGPORT) url.port = PGPORT;
  const user = PGUSER || USER;
  if (!url.username && !isGiven(url, 'user') && user) url.username = encodeURIComponent(user);
  if (!url.password && !isGiven(url, 'password') && PGPASSWORD)
    url.password = encodeURIComponent(PGPASSWORD);
}

function addParameters(url: URL, environment: NodeJS.ProcessEnv): void {
  const { PGSSLMODE: mode = '', PGSSLNEGOTIATION: negotiation, PGOPTIONS: options } = environment;
  const set = (name: string, value: string) => url.searchParams.set(name, value);
  const tlsParameters = ['ssl', 'sslmode', 'sslcert', 'sslkey', 'sslrootcert'];
  const isDirect = url.searchParams.get('sslnegotiation') === 'direct';
  if (!isDirect && !tlsParameters.some((name) => url.searchParams.has(name))) {
    if (mode === 'disable') set('sslmode', mode);
    // Without uselibpqcompat, `pg` knows the mode no-verify only under this name.
    else if (mode === 'no-verify') set('ssl', mode);
    else if (verifiedModes.has(mode)) set('sslmode', 'verify-full');
  }
  if (negotiation && !isGiven(url, 'sslnegotiation')) set('sslnegotiation', negotiation);
  if (options && !isGiven(url, 'options')) set('options', options);
}
