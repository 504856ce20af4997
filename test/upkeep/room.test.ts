/** A rebuild needs twice the room of its index: on a disk that is really small. */
import { execFileSync, spawnSync } from 'node:child_process';
import { chownSync, mkdtempSync, rmdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { aDatabase, aTable, bytesOf, work } from './scene.ts';

test('without room for twice the index it is not rebuilt, and the figures say what is missing; with room it is', async ({
  skip,
}) => {
  const place = mkdtempSync('/tmp/roundsman-room-');
  onTestFinished(() => rmdirSync(place));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=30m', 'tmpfs', place]);
  if (status !== 0) skip('mount needs to be root');
  // Sessions of the server may still hold a file that was removed.
  onTestFinished(() => void execFileSync('umount', ['-l', place]));
  const { db, url, name } = await aDatabase();
  const { rows } = await sql<{
    folder: string;
  }>`SELECT current_setting('data_directory') AS folder`.execute(db);
  const { uid, gid } = statSync(join(rows[0]!.folder, 'PG_VERSION'));
  chownSync(place, uid, gid);
  const space = `room_${name}`;
  await sql`CREATE TABLESPACE ${sql.id(space)} LOCATION ${sql.lit(place)}`.execute(db);
  await aTable(db, 'orders', 210_000);
  try {
    await sql`ALTER INDEX orders_key SET TABLESPACE ${sql.id(space)}`.execute(db);
    await work({ db, url });
    await sql`UPDATE engine.index_sizes SET best_bytes = best_bytes / 3 WHERE index_name = 'orders_key'`.execute(
      db,
    );
    const bytes = await bytesOf(db, 'orders_key');
    expect((await work({ db, url })).figures()).toMatchObject({
      rebuilt: 0,
      room: 'too little',
      not_done: [
        {
          name: 'public.orders_key',
          why: expect.stringMatching(
            new RegExp(`^it needs ${2 * bytes} bytes of the disk, and \\d+ are free$`),
          ),
        },
      ],
    });
    execFileSync('mount', ['-o', 'remount,size=100m', place]);
    expect((await work({ db, url })).figures()).toMatchObject({ rebuilt: 1, room: 'enough' });
  } finally {
    await sql`DROP INDEX orders_key`.execute(db);
    await sql`CHECKPOINT`.execute(db);
    await sql`DROP TABLESPACE ${sql.id(space)}`.execute(db);
  }
}, 60_000);
