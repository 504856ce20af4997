/**
 * The hosts that requests may go to, as `engine.settings` names them: `api.example.com` allows its public addresses
 * on the ports 443 and 80, `api.example.com:8443` that port only. Only an entry with a port also allows addresses
 * that are not public, or a range beside it (`10.1.0.0/16`): the hosts without a port may lead to its addresses, too. Every host
 * that is not in the list is refused.
 */
import { isMeantAsRange, problemOfRange } from './ranges.ts';

/** How the list allows a URL. */
export interface Allowed {
  /** whether the list names host and port: then any address of the host is allowed */
  exactly: boolean;
  /** ranges of private networks to which the host may lead, beside public addresses; none unless given */
  ranges?: readonly string[];
}

/** A host that is not in the list, where every host with public addresses is allowed. */
export const publicOnly: Allowed = { exactly: false };

/** The form of an entry; anything else in the list allows nothing. */
const entry = /^(?:\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)(?::\d{1,5})?$/;

export const isHostEntry = (text: string): boolean => entry.test(text);

/** Why the list cannot have this entry, as a sentence that does not repeat it; null where it can. */
export function problemOfEntry(text: string): string | null {
  if (isMeantAsRange(text)) return problemOfRange(text);
  return isHostEntry(text) ? null : 'it is no host, no host:port and no range';
}

const defaultPorts: Record<string, string> = { 'http:': '80', 'https:': '443' };

/** How the list allows this URL; null when it does not. `list` is the value in engine.settings, which may be anything. */
export function allowedBy(list: unknown, url: URL): Allowed | null {
  const texts = (Array.isArray(list) ? list : []).filter((each) => typeof each === 'string');
  const entries = new Set(texts.filter(isHostEntry));
  const port = url.port || defaultPorts[url.protocol];
  if (!port) return null;
  if (entries.has(`${url.hostname}:${port}`)) return { exactly: true };
  if (url.port || !entries.has(url.hostname)) return null;
  const ranges = texts.filter(isMeantAsRange);
  return ranges.length > 0 ? { exactly: false, ranges } : publicOnly;
}
