/** The apps that the sentinel asks: the active ones of `app_catalog` that have a `deployment_url`. */
import type { CheckContext } from '../../src/bot.ts';
import { readHttpHosts } from '../parts/http-hosts.ts';
import type { Config } from './config.ts';

export interface App {
  slug: string;
  /** as it is stored, which may be no address at all */
  address: string;
}

export interface Apps {
  asked: App[];
  /** the other apps of the catalogue, and those beyond `max_apps`: nothing is known about them */
  others: string[];
  /** their addresses */
  otherAddresses: string[];
  /** how many active apps with an address there are */
  count: number;
  /** how many active apps have no address, so that they are not watched */
  unaddressed: number;
  /** the catalogue is longer than what is read of it */
  truncated: boolean;
  /** `http_hosts` of the settings */
  hosts: unknown;
}

/** How many rows of the catalogue are read at most. */
const maxRows = 5_000;

export async function readApps({ max_apps }: Config, { db }: CheckContext): Promise<Apps> {
  const rows = await db
    .selectFrom('app_catalog')
    .select(['slug', 'status', 'deployment_url'])
    .orderBy('slug')
    .limit(maxRows + 1)
    .execute();
  const read = rows.slice(0, maxRows);
  const active = read.flatMap(({ slug, status, deployment_url }) => {
    const address = deployment_url?.trim() ?? '';
    return status === 'active' && address !== '' ? [{ slug, address }] : [];
  });
  const asked = active.slice(0, max_apps);
  const slugs = new Set(asked.map(({ slug }) => slug));
  const others = read.filter(({ slug }) => !slugs.has(slug));
  return {
    asked,
    others: others.map(({ slug }) => slug),
    otherAddresses: others.map(({ deployment_url }) => deployment_url?.trim() ?? ''),
    count: active.length,
    unaddressed: read.filter(({ status }) => status === 'active').length - active.length,
    truncated: rows.length > maxRows,
    hosts: await readHttpHosts(db),
  };
}

/** Why an address cannot be asked, whatever the network says; null if it can. */
export function whyNoAddress(address: string): string | null {
  const url = URL.canParse(address) ? new URL(address) : null;
  // No name of DNS is longer (RFC 1035), and it is part of the keys of findings.
  const isHost = url !== null && url.hostname !== '' && url.hostname.length <= 253;
  if (!isHost || !/^https?:$/.test(url.protocol))
    return 'its deployment_url is no http or https address';
  return url.username || url.password ? 'its deployment_url holds a user or password' : null;
}

/** The same address written in two ways is asked once. */
export const normalized = (address: string): string =>
  URL.canParse(address) ? new URL(address).href : address;

/** Groups apps by what they share, in the order of the first app of each group, so that each shared thing is asked once. */
export function groupBy<Key>(apps: App[], keyOf: (app: App) => Key): [Key, App[]][] {
  const groups = new Map<Key, App[]>();
  for (const app of apps) {
    const key = keyOf(app);
    groups.set(key, [...(groups.get(key) ?? []), app]);
  }
  return [...groups];
}
