import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { before, hour } from '../time.ts';
import { changeSettings, plantMemory } from './catalogue-bot.ts';
import type { Fault } from './fault.ts';

/** Has the scout read this feed, and ends the pause in which it ships. */
async function readFeed(db: Db, url: string): Promise<void> {
  await changeSettings(db, 'scout', { feeds: [url] });
  await db
    .updateTable('bots')
    .set({ status: 'active', status_reason: null })
    .where('catalogue_name', '=', 'scout')
    .where('status', '=', 'paused')
    .execute();
}

export const scoutFaults: Fault[] = [
  {
    name: 'scout.feeds.private-address',
    title: 'A feed has a private address, which no setting allows',
    // No request goes to it: it is refused by its address alone.
    plant: (db) => readFeed(db, 'http://10.20.30.40/releases.xml'),
    async lookalike(db, now) {
      // A private address that is allowed, and does not answer today. It did six hours ago. Nothing listens on this port.
      const url = 'http://127.0.0.1:9/releases.xml';
      await sql`
        INSERT INTO engine.settings (key, value) VALUES ('http_hosts', '["127.0.0.1:9"]')
        ON CONFLICT (key) DO UPDATE SET value = excluded.value`.execute(db);
      await readFeed(db, url);
      const readAt = before(now, 6 * hour).toISOString();
      const feed = { seen: [], etag: null, modified: null, readAt, changedAt: readAt };
      const hash = createHash('sha256').update(url).digest('base64url').slice(0, 10);
      await plantMemory(
        db,
        { bot: 'scout', check: 'feeds' },
        { [hash]: { ...feed, failures: 0, unchanged: 0 } },
      );
    },
  },
];
