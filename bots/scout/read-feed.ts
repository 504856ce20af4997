/** Reads a feed: asks for it, unless it is unchanged, and reads its entries, whatever format it has. */
import { runInNewContext } from 'node:vm';
import { MalformedError, parseFeed } from 'feedsmith';
import { OutboundError, request } from '../../src/bot.ts';
import type { Config } from './config.ts';

/** All of it is text from outside: it may be anything. */
export interface Entry {
  /** what makes it the same entry: its id, else its address, else its title; both where several have the same id */
  id: string;
  title: string;
  link: string | null;
  /** null where it names none that can be read */
  published: Date | null;
}

/** What a server said about the version of a feed; the next request sends it back. */
export interface Version {
  etag: string | null;
  modified: string | null;
}

export type Reading =
  | { entries: Entry[]; version: Version }
  | { unchanged: true }
  /** `refused`: our own rules do not allow it, so no later try can succeed */
  | { unreadable: string; refused?: boolean };

/** An entry as feedsmith reads it. Its types allow all that the formats allow, so each value that is used is checked here. */
type Raw = Record<string, unknown>;

const asText = (value: unknown): string => {
  if (typeof value === 'string') return value.trim();
  if (typeof value === 'object' && value !== null && 'value' in value) return asText(value.value);
  return '';
};

const asDate = (value: unknown): Date | null => {
  const at = new Date(asText(value));
  return Number.isFinite(at.getTime()) ? at : null;
};

const asList = (value: unknown): Raw[] => (Array.isArray(value) ? (value as Raw[]) : []);

function linkOf({ link, url, links }: Raw): string | null {
  const all = asList(links);
  const shown = all.find(({ rel }) => rel === undefined || rel === 'alternate') ?? all[0];
  const text = asText(link) || asText(url) || asText(shown?.href);
  return text === '' ? null : text;
}

function entryOf(raw: Raw): Entry {
  const link = linkOf(raw);
  const title = asText(raw.title) || asText(raw.summary);
  const published =
    asDate(raw.pubDate) ??
    asDate(raw.published) ??
    asDate(raw.date_published) ??
    asDate((raw.dc as Raw | undefined)?.date) ??
    asDate(raw.updated) ??
    asDate(raw.date_modified);
  return { id: asText(raw.guid) || asText(raw.id) || link || title, title, link, published };
}

/**
 * Some feeds give one id to all of their entries: then their addresses, or titles, tell these apart. An entry that is listed
 * twice with the same address stays one entry.
 */
function withDistinctIds(entries: Entry[]): Entry[] {
  const addressOf = ({ link, title }: Entry) => link ?? title;
  const addresses = new Map<string, Set<string>>();
  for (const entry of entries)
    addresses.set(entry.id, (addresses.get(entry.id) ?? new Set()).add(addressOf(entry)));
  return entries.map((entry) =>
    addresses.get(entry.id)!.size > 1 ? { ...entry, id: `${entry.id} ${addressOf(entry)}` } : entry,
  );
}

/** The longest feed takes half a second. For some texts that are no feed, the parser would take hours. */
const maxParseMs = 5_000;

/** Only the time limit of a context ends code that never gives control back. */
const parseInTime = (text: string): { feed: Raw } =>
  runInNewContext('parse()', { parse: () => parseFeed(text) }, { timeout: maxParseMs }) as {
    feed: Raw;
  };

const isTooSlow = (error: unknown): boolean =>
  (error as { code?: unknown } | null)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';

/** The entries of a feed, as it lists them. Throws an Error that says why it is none. */
export function entriesOf(text: string): Entry[] {
  try {
    const { feed } = parseInTime(text);
    return withDistinctIds(
      [...asList(feed.items), ...asList(feed.entries)].map(entryOf).filter(({ id }) => id !== ''),
    );
  } catch (error) {
    throw new Error(
      isTooSlow(error)
        ? `it cannot be parsed within ${maxParseMs / 1_000} s`
        : error instanceof MalformedError
          ? 'it is no well-formed feed'
          : 'it is no RSS, Atom, RDF or JSON Feed',
      { cause: error },
    );
  }
}

/** A header that the next request sends back to the server; null where it is too long to be remembered, or not plain text. */
const headerToSendBack = (value: string | undefined, max: number): string | null =>
  value !== undefined && value.length <= max && /^[\x20-\x7e]+$/.test(value) ? value : null;

export async function readFeed(
  url: string,
  known: Version | null,
  { timeout_seconds, max_kilobytes }: Config,
  { hosts, signal }: { hosts: unknown; signal: AbortSignal },
): Promise<Reading> {
  const headers = {
    accept:
      'application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5',
    ...(known?.etag && { 'if-none-match': known.etag }),
    ...(known?.modified && { 'if-modified-since': known.modified }),
  };
  try {
    const answer = await request(
      { method: 'GET', url, headers },
      {
        hosts,
        publicly: true,
        signal,
        timeoutMs: timeout_seconds * 1_000,
        maxBytes: max_kilobytes * 1_024,
      },
    );
    if (answer.status === 304 && known) return { unchanged: true };
    if (answer.status >= 300 && answer.status < 400)
      return { unreadable: `it answers ${answer.status}: it has moved` };
    if (answer.status !== 200) return { unreadable: `it answers ${answer.status}` };
    const encoding = answer.headers['content-encoding'] ?? 'identity';
    // Nothing is expanded: a small answer could become a huge one. Other words of a server are not repeated.
    if (encoding !== 'identity')
      return {
        unreadable: `its server sends it compressed although it was not asked to (${/^[\w-]{1,20}$/.test(encoding) ? encoding : 'in a way of its own'})`,
      };
    const version = {
      etag: headerToSendBack(answer.headers.etag, 100),
      modified: headerToSendBack(answer.headers['last-modified'], 40),
    };
    return { entries: entriesOf(answer.body), version };
  } catch (error) {
    signal.throwIfAborted();
    // Its message names the server, and not what it answered.
    if (error instanceof OutboundError)
      return { unreadable: error.message, refused: error.fault === 'refused' };
    if (error instanceof Error) return { unreadable: error.message };
    throw error;
  }
}
