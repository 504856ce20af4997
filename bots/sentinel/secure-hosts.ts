/** Which hosts users of an app come through, so that the certificates of all of them are read. */
import { sql } from '../../src/bot.ts';
import type { CheckContext } from '../../src/bot.ts';
import { whyNoAddress, type App } from './apps.ts';
import { ask, type Asking } from './ask.ts';
import type { Config } from './config.ts';

/**
 * The hosts whose certificates the users of these apps need: the one of the address, and those to which it redirects within its site, or
 * elsewhere where `statuses` says that the redirect is right. Each host is asked under the rules of {@link ask}.
 */
export async function secureHosts(
  address: string,
  apps: readonly App[],
  { config, hosts, signal }: Asking & { config: Config },
): Promise<{ hosts: string[]; isWhole: boolean }> {
  const urls: URL[] = [];
  const visit = (url: URL) => void urls.push(url);
  const seen = await ask(address, {
    // Only where it leads is looked at, and the page is not read.
    config: { ...config, max_body_bytes: 1_024 },
    hosts,
    signal,
    visit,
  });
  if (
    seen.what === 'redirect' &&
    URL.canParse(seen.to, urls.at(-1)?.href) &&
    apps.some(({ slug }) => config.statuses[slug]?.includes(seen.status))
  ) {
    const to = new URL(seen.to, urls.at(-1));
    if (whyNoAddress(to.href) === null) urls.push(to);
  }
  const secure = urls.filter(({ protocol }) => protocol === 'https:').map(({ host }) => host);
  const isWhole = seen.what === 'answer' || seen.what === 'redirect';
  return { hosts: [...new Set(secure)], isWhole };
}

/** How many apps a finding names. */
export const maxNamed = 20;

/** The hosts of open findings that name one of these apps: they stay as they are, because it is not known whether the app leads there. */
export async function openHostsOf(
  slugs: ReadonlySet<string>,
  { db }: CheckContext,
): Promise<string[]> {
  if (slugs.size === 0) return [];
  const { rows } = await sql<{ host: string }>`
    SELECT DISTINCT component_key AS host FROM bot_findings
    WHERE resolved_at IS NULL AND category = 'certificates' AND check_name = 'certificates'
      AND (metadata -> 'apps' ?| ${[...slugs]}::text[] OR jsonb_array_length(metadata -> 'apps') >= ${maxNamed})
    LIMIT 1000`.execute(db);
  return rows.map(({ host }) => host);
}
