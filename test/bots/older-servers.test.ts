/** The bots that read the server's own catalogues, on versions of PostgreSQL before the bundled one. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { bots } from '../../bots/index.ts';
import { SkippedCheck } from '../../src/bot.ts';
import type { Bot } from '../../src/bot.ts';
import { connect } from '../../src/database/connect.ts';
import { migrateToLatest } from '../../src/database/migrate/migrate.ts';
import { plantPlatform } from '../../src/demo/plant.ts';
import { runCheck } from '../support/check.ts';
import { olderServers, startOlder } from '../support/older-servers.ts';
import { administer, inDatabase } from '../support/postgres.ts';

const none =
  'is not run: no server is installed (apt-get install postgresql-15, or OLDER_POSTGRES)';
test.skipIf(olderServers.length > 0)(`an older PostgreSQL ${none}`, ({ skip }) => skip());

const [surveyor, warden, sentinelDb] = ['surveyor', 'warden', 'sentinel-db'].map((wanted) =>
  bots.find(({ name }) => name === wanted)!,
) as [Bot, Bot, Bot];

/** The titles of all findings, and why checks skip. An error of a check fails the test. */
async function seen(bot: Bot, url: string): Promise<string[]> {
  const db = connect(url, { max: 2 });
  onTestFinished(() => db.destroy());
  const titles: string[] = [];
  for (const { name, events } of bot.checks) {
    if (events) continue;
    try {
      const { findings } = await runCheck(bot, name, db);
      titles.push(...findings.map(({ title }) => `${bot.name} ${name}: ${title}`));
    } catch (error) {
      if (!(error instanceof SkippedCheck)) throw error;
      titles.push(`${bot.name} ${name} skips: ${error.message}`);
    }
  }
  return titles;
}

/** What no new server has yet, whatever its version. */
const expected = /^sentinel-db .* skips: /;

test.each(olderServers)(
  'PostgreSQL $major: every check runs, and a new platform is healthy',
  async (programs) => {
    const { url, program } = await startOlder(programs);
    await administer(url, 'CREATE DATABASE platform');
    const platform = inDatabase(url, 'platform');
    const db = connect(platform);
    onTestFinished(() => db.destroy());
    await migrateToLatest(db);
    await plantPlatform(db);
    const found = async (at: string) =>
      (await Promise.all([seen(surveyor, at), seen(warden, at), seen(sentinelDb, at)])).flatMap(
        (titles) => titles.filter((title) => !expected.test(title)),
      );
    expect(await found(platform)).toEqual([]);

    // A restored dump prints expressions with other casts and brackets than the migrations have written.
    if (!existsSync(join(programs.bin, 'pg_dump'))) return;
    await administer(url, 'CREATE DATABASE restored');
    const restored = inDatabase(url, 'restored');
    await program('pg_dump', '-d', platform, '-f', 'dump.sql');
    await program('psql', '-q', '-v', 'ON_ERROR_STOP=1', '-d', restored, '-f', 'dump.sql');
    expect(await seen(surveyor, restored)).toEqual(await seen(surveyor, platform));
  },
  120_000,
);
