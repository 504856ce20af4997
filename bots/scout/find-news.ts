/** Reads each feed, and says which have new entries, which cannot be read, and which have been quiet for long. */
import type { CheckContext, CheckResult, ReportedFinding } from '../../src/bot.ts';
import { readHttpHosts } from '../parts/http-hosts.ts';
import { counted, shortened } from '../parts/in-words.ts';
import { dayMs, daysBefore } from '../parts/time.ts';
import type { Config } from './config.ts';
import { hash, hashesOfEach, neverRead, recall, type FeedMemory, type Memory } from './memory.ts';
import { entriesToExamine, newAmong } from './new-entries.ts';
import { readFeed, type Entry, type Reading } from './read-feed.ts';

const maxListed = 20;
/**
 * How many times in a row the scout believes a server that nothing has changed: for a day, with its own schedule. Some servers say so
 * for ever, because the feed's Last-Modified is in 1970 or in the future.
 */
const maxUnchanged = 3;

/** A feed as people see it: without the query of its address, which may contain a token. */
interface Feed {
  url: string;
  component: string;
  /** the beginning of the keys of its findings */
  key: string;
}

function feedOf(url: string): Feed {
  const { host, pathname } = new URL(url);
  const name = host + pathname;
  return {
    url,
    component: shortened(name),
    key: `${name.slice(0, 100)} ${hash(url)}`,
  };
}

/** `host:port`, as `http_hosts` names it. */
function hostAndPort(url: string): string {
  const { hostname, port, protocol } = new URL(url);
  return `${hostname}:${port || (protocol === 'https:' ? '443' : '80')}`;
}

interface Judged {
  memory: FeedMemory;
  findings: ReportedFinding[];
  /** keys about which nothing is known now */
  unknown: string[];
}

function judgeFeed(
  { url, component, key }: Feed,
  known: FeedMemory,
  reading: Reading,
  { failures_in_row, quiet_days, new_days }: Config,
  { now, kept }: { now: Date; kept: number },
): Judged {
  const category = 'feeds';
  if ('unreadable' in reading) {
    const failures = known.failures + 1;
    // An outage may be over by the next run. A feed that was never read has a wrong address more often than an outage.
    const isReported = reading.refused || known.readAt === null || failures >= failures_in_row;
    const why = reading.unreadable.slice(0, 500);
    const finding: ReportedFinding = {
      severity: reading.refused ? 'medium' : 'low',
      category,
      title: `Feed ${component} ${reading.refused ? 'is not read: its address is refused' : 'cannot be read'}`,
      description: reading.refused
        ? `${why}. If it is the right one, allow it: \`npx roundsman settings http_hosts --add ${hostAndPort(url)}\`.`
        : why,
      component,
      key: `${key} unreadable`,
      metadata: { failures_in_row: failures, last_read_at: known.readAt },
    };
    return {
      memory: { ...known, failures },
      findings: isReported ? [finding] : [],
      unknown: [`${key} new`, `${key} quiet`],
    };
  }
  const at = now.toISOString();
  const unchanged = 'entries' in reading ? 0 : known.unchanged + 1;
  let memory: FeedMemory = { ...known, readAt: at, failures: 0, unchanged };
  const findings: ReportedFinding[] = [];
  if ('entries' in reading) {
    const looked = entriesToExamine(reading.entries, Math.ceil(kept / 2));
    const found = newAmong(looked, known, daysBefore(now, new_days));
    const newest = [...looked.first, ...looked.last];
    const dates = newest.flatMap(({ published }) =>
      published && published <= now ? [published] : [],
    );
    const latest = dates.length > 0 ? new Date(Math.max(...dates.map(Number))) : now;
    const hashes = newest.map(({ id }) => hash(id));
    memory = {
      ...memory,
      ...reading.version,
      seen: [...new Set([...hashes, ...known.seen])].slice(0, kept),
      changedAt: found.length > 0 ? at : (known.changedAt ?? latest.toISOString()),
    };
    if (found.length > 0)
      findings.push({
        severity: 'info',
        category,
        title: `Feed ${component} has ${counted(found.length, 'new entry', 'new entries')}`,
        component,
        key: `${key} new`,
        // Only the metadata contains text of the feed: in a title, the feed could choose which knowledge fits.
        metadata: { entries: found.slice(0, maxListed).map(shownEntry), new_entries: found.length },
      });
  }
  const changedAt = new Date(memory.changedAt ?? at);
  const quietDays = Math.floor((now.getTime() - changedAt.getTime()) / dayMs);
  if (quietDays >= quiet_days)
    findings.push({
      severity: 'low',
      category,
      title: `Feed ${component} has had no new entry for ${quietDays} days`,
      component,
      key: `${key} quiet`,
      metadata: { last_entry_at: changedAt.toISOString(), quiet_days },
    });
  return { memory, findings, unknown: [] };
}

const shownEntry = ({ title, link, published }: Entry) => ({
  title: title.slice(0, 300),
  link: link === null ? null : link.slice(0, 500),
  published: published?.toISOString() ?? null,
});

export async function findNews(config: Config, context: CheckContext): Promise<CheckResult> {
  const { db, now, signal, skip, remembered, progress } = context;
  if (config.feeds.length === 0)
    skip(`it has no feeds: \`npx roundsman bots edit scout --set 'feeds=["https://..."]'\``);
  const hosts = await readHttpHosts(db);
  const before = recall(remembered);
  const memory: Memory = {};
  const judged: Judged[] = [];
  let read = 0;
  await Promise.all(
    config.feeds.map(async (url) => {
      const feed = feedOf(url);
      const known = before[hash(url)] ?? neverRead;
      const isWhole = known.readAt === null || known.unchanged >= maxUnchanged;
      const reading = await readFeed(url, isWhole ? null : known, config, { hosts, signal });
      const kept = hashesOfEach(config.feeds.length);
      const about = judgeFeed(feed, known, reading, config, { now, kept });
      memory[hash(url)] = about.memory;
      judged.push(about);
      read += 1;
      progress(read / config.feeds.length, `${feed.component} is read`);
    }),
  );
  const findings = judged.flatMap((each) => each.findings);
  return {
    // Every key but these: findings about a feed that the settings no longer name resolve.
    examined: { count: config.feeds.length, except: judged.flatMap(({ unknown }) => unknown) },
    findings: findings.toSorted((a, b) => (a.key! < b.key! ? -1 : 1)),
    figures: [
      { name: 'feeds', value: config.feeds.length },
      {
        name: 'feeds that could not be read',
        value: judged.filter(({ unknown }) => unknown.length > 0).length,
      },
    ],
    remember: memory,
  };
}
