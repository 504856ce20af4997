/**
 * The installation of docs/operations.md: the bots of the catalogue over the fictional platform, in an engine that runs. They
 * have found what T-41 and T-42 are about, and the cure of T-42 is suggested.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, expect, vi } from 'vitest';
import { bots, remedies } from '../../bots/index.ts';
import { catalogueOf } from '../../src/catalogue/catalogue.ts';
import type { Db } from '../../src/database/connect.ts';
import { plantPlatform } from '../../src/demo/plant.ts';
import { registerCatalogue } from '../../src/schedule/register.ts';
import { roundsman, start } from '../cli/command.ts';
import { behindGuards } from '../support/behind-guards.ts';
import { testDatabaseWithQueue } from '../support/database.ts';

export interface Day {
  db: Db;
  url: string;
  /** where the commands are typed */
  directory: string;
}

const done = async (url: string, ...args: string[]): Promise<void> => {
  const { code, err } = await roundsman(url, ...args);
  expect(code, `${args.join(' ')}: ${err}`).toBe(0);
};

export async function beginDay(): Promise<Day> {
  const { db, url } = await testDatabaseWithQueue();
  const directory = await mkdtemp(join(tmpdir(), 'roundsman-day-'));
  await plantPlatform(db);
  await registerCatalogue(db, catalogueOf(bots, remedies));
  // No run comes between the commands but those that they ask for.
  await sql`UPDATE bots SET schedule_cron = '0 0 1 1 *'`.execute(db);
  await sql`UPDATE bot_knowledge SET autonomy = 'suggest' WHERE name = 'ledger.cached-credits'`.execute(
    db,
  );
  const engine = start(url, ['up'], { ROUNDSMAN_HOME: directory, HOME: directory });
  afterAll(async () => {
    engine.stop('SIGTERM');
    await engine.ended;
    await rm(directory, { recursive: true });
  });
  await done(url, 'bots', 'run', 'ledger', 'sentinel-api', '--wait');
  await sql`ALTER TABLE bot_tickets ALTER COLUMN number RESTART WITH 41`.execute(db);
  for (const title of ['Balance chain of %', 'Cached credits differ %'])
    await sql`UPDATE bot_tickets SET number = DEFAULT WHERE title LIKE ${title}`.execute(db);
  await sql`UPDATE bot_tickets SET respond_by = engine.now() - interval '1 hour'`.execute(db);
  await done(url, 'tickets', 'assign', 'T-41', userInfo().username);
  return { db, url, directory };
}

/** The cure of T-42 has been applied and verified. Then its problem comes back, and the next run finds it. */
export async function relapse({ db, url }: Day): Promise<void> {
  const { fingerprint } = await ticket(db, '42');
  await vi.waitFor(
    async () => {
      const { rows } = await sql<{ state: string }>`
        SELECT state FROM bot_actions WHERE fingerprint = ${fingerprint}`.execute(db);
      expect(rows).toEqual([{ state: 'verified' }]);
    },
    { timeout: 30_000, interval: 50 },
  );
  await behindGuards(db, (trx) => sql`UPDATE profiles SET credits = credits + 5`.execute(trx));
  await done(url, 'bots', 'run', 'ledger', '--wait');
}

/** Has the tickets that a command names be pending, whatever was done to them before. */
export async function havePending({ db, url }: Day, command: string): Promise<void> {
  for (const [, number] of command.matchAll(/\bT-(\d+)/g)) {
    const { status } = await ticket(db, number!);
    if (status === 'resolved')
      await done(url, 'tickets', 'reopen', number!, '--reason', 'it is back');
  }
}

export const ticket = (db: Db, number: string) =>
  db.selectFrom('bot_tickets').selectAll().where('number', '=', number).executeTakeFirstOrThrow();
