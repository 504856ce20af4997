/**
 * Addresses that name several servers, of which one takes writes: `postgres://user@one:5432,two:5433/name`, as PostgreSQL's own programs
 * (libpq) write them. No reader of URLs understands that, so the first server is the host of the address, and the others stand in its
 * parameter `hosts`.
 */

export interface Server {
  /** a name, an address without brackets, or the directory of a socket */
  host: string;
  port: number;
}

/** A server has its own port, else this one. */
const usualPort = '5432';

const severalHosts = /^(postgres(?:ql)?:\/\/(?:[^/?#]*@)?)([^/?#@]*),([^/?#@]*)/i;
const others = 'hosts';

/**
 * The address with its first server as host and the others as a parameter; unchanged where it names one. What libpq would read behind
 * `?host=` and `&port=` is read, too.
 *
 * @param port of servers that have none of their own
 */
export function withFirstHost(address: string, port = usualPort): string {
  const [whole, begin, ...lists] = severalHosts.exec(address) ?? [];
  if (whole === undefined) return withFirstParameter(address, port);
  const [first, ...rest] = lists.join(',').split(',');
  const one = `${begin}${first}${address.slice(whole.length)}`;
  return URL.canParse(one) ? withOthers(new URL(one), rest, port) : address;
}

/** `?host=one,two&port=5432,5433`: the ports are as many as the hosts, or one for all. */
function withFirstParameter(address: string, port: string): string {
  const readable = address.replace(withoutHost, '$1localhost');
  if (!URL.canParse(readable)) return address;
  const url = new URL(readable);
  const hosts = url.searchParams.get('host') ?? '';
  if (!hosts.includes(',')) return address;
  return withHosts(url, hosts, url.searchParams.get('port') || url.port || port);
}

/** `user@/name` has no host, so it is not a valid URL; PostgreSQL's own programs accept it. */
export const withoutHost = /^(postgres(?:ql)?:\/\/(?:[^/?#]*@)?)(?=[:/?#]|$)/;

/**
 * The address with these hosts, separated by commas as in PGHOST, and their ports: one for all, or one for each.
 */
export function withHosts(url: URL, hosts: string, ports: string): string {
  const all = new URL(url);
  const portOf = (at: number) => ports.split(',')[ports.includes(',') ? at : 0] || usualPort;
  const [first, ...rest] = hosts.split(',').map((host) => written(host));
  all.searchParams.delete('host');
  all.searchParams.delete('port');
  all.hostname = first!;
  all.port = portOf(0);
  return withOthers(
    all,
    rest.map((host, at) => host && `${host}:${portOf(at + 1)}`),
    usualPort,
  );
}

/** How a host stands in a URL: the directory of a Unix socket is encoded, an address of IPv6 in brackets. */
export const written = (host: string): string =>
  host.includes(':') && !host.startsWith('/') ? `[${host}]` : encodeURIComponent(host);

/** The address with these servers, as `host` or `host:port`, besides its own host. */
function withOthers(url: URL, servers: readonly string[], port: string): string {
  const all = new URL(url);
  if (servers.length === 0) return all.href;
  if (all.port === '') all.port = port;
  const each = servers.map((server) =>
    server === '' || /(?:^|[^:[\]]|\]):\d+$/.test(server) ? server : `${server}:${port}`,
  );
  all.searchParams.set(others, each.join(','));
  return all.href;
}

/** The servers that an address names, the first of them as its host. */
export function serversIn(address: string): Server[] {
  if (!URL.canParse(address)) return [];
  const url = new URL(address);
  const rest = url.searchParams.get(others);
  const texts = [url.host, ...(rest === null ? [] : rest.split(','))];
  const known = new Set<string>();
  return texts.map(serverOf).filter((server) => {
    const key = `${server.host} ${server.port}`;
    return known.size < known.add(key).size;
  });
}

/** Why one of the other servers cannot be used; null: all can. */
export function problemOfHosts(address: string): string | null {
  const rest = new URL(address).searchParams.get(others);
  if (rest === null) return null;
  for (const text of rest.split(',')) {
    if (text === '') return 'one of its hosts is empty';
    if (!URL.canParse(`postgres://${text}/`)) return `${text} is not a host`;
  }
  return null;
}

function serverOf(text: string): Server {
  if (!URL.canParse(`postgres://${text}/`)) return { host: text, port: Number(usualPort) };
  const { hostname, port } = new URL(`postgres://${text}/`);
  return {
    host: decodeURIComponent(hostname.replace(/^\[|\]$/g, '')),
    port: Number(port || usualPort),
  };
}

/** `one:5432`, for a person. */
export const nameOfServer = ({ host, port }: Server): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`;
