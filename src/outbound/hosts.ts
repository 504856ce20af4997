/**
 * The hosts that requests may go to, as `engine.settings` names them: `api.example.com` allows its public addresses
 * on the ports 443 and 80, `api.example.com:8443` that port only. Only an entry with a port also allows addresses
 * that are not public. Every host that is not in the list is refused.
 */

/** How the list allows a URL. */
export interface Allowed {
  /** whether the list names host and port: then any address of the host is allowed */
  exactly: boolean;
}

/** The form of an entry; anything else in the list allows nothing. */
const entry = /^(?:\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)(?::\d{1,5})?$/;

export const isHostEntry = (text: string): boolean => entry.test(text);

const defaultPorts: Record<string, string> = { 'http:': '80', 'https:': '443' };

/** How the list allows this URL; null when it does not. `list` is the value in engine.settings, which may be anything. */
export function allowedBy(list: unknown, url: URL): Allowed | null {
  const entries = new Set(
    (Array.isArray(list) ? list : []).filter(
      (each): each is string => typeof each === 'string' && entry.test(each),
    ),
  );
  const port = url.port || defaultPorts[url.protocol];
  if (!port) return null;
  if (entries.has(`${url.hostname}:${port}`)) return { exactly: true };
  return !url.port && entries.has(url.hostname) ? { exactly: false } : null;
}
