import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { migrationStatus } from '../../database/migrate/migrate.ts';
import { recordedBackend } from '../../queue/backend.ts';
import { display, withDatabase } from '../session/database.ts';
import { facts, json, paint, say, time } from '../terminal/print.ts';
import { table } from '../terminal/table.ts';

/** The server's own version, `18.4`. */
export async function serverVersion(db: Db): Promise<string> {
  const { rows } = await sql<{ server_version: string }>`SHOW server_version`.execute(db);
  return rows[0]!.server_version;
}

/** The queue backend that this database's processes agreed on; null before the first one, or unmigrated. */
export async function queueOf(db: Db): Promise<string | null> {
  const { rows } = await sql<{ there: boolean }>`
    SELECT to_regclass('engine.settings') IS NOT NULL AS there`.execute(db);
  return rows[0]!.there ? await recordedBackend(db) : null;
}

export const databaseStatus = (options: { json?: true }): Promise<void> =>
  withDatabase(
    async ({ db, url }) => {
      const version = await serverVersion(db);
      const queue = await queueOf(db);
      const migrations = (await migrationStatus(db)).map(({ name, executedAt }) => ({
        name,
        timestamp: executedAt ?? null,
      }));
      if (options.json)
        return json({
          server_version: version,
          queue_backend: queue,
          kysely_migration: migrations,
        });
      const pending = migrations.filter(({ timestamp }) => !timestamp);
      facts([
        ['Server', `PostgreSQL ${version} at ${display(url)}`],
        [
          'Queue',
          queue ? `BullMQ on ${queue}` : 'none recorded yet: the first process to start does it',
        ],
        ['Migrations', `${migrations.length - pending.length} applied, ${pending.length} pending`],
      ]);
      say();
      table(
        ['Migration', 'Applied (UTC)'],
        migrations.map(({ name, timestamp }) => [
          name,
          timestamp ? time(timestamp) : paint('yellow', 'pending'),
        ]),
        'No migrations.',
      );
      if (pending.length > 0) say('\nRun `npx roundsman db migrate` to apply what is pending.');
    },
    { allowPending: true },
  );
