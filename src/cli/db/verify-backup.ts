import { backupToVerify, verifyBackup as verify } from '../../services/backups/verify.ts';
import { actorOf } from '../arguments/actor.ts';
import { withDatabase } from '../session/database.ts';
import { note, printJson, say, time } from '../terminal/print.ts';
import { refreshedNote } from './backup.ts';
import { keepHeapSmall } from '../../services/backups/small-heap.ts';
import { untilInterrupted } from './until-interrupted.ts';

interface VerifyOptions {
  identity?: string;
  fromCommand?: string;
  scratch?: string;
  as?: string;
  json?: true;
}

/** `db backup verify`: ends with an error where the copy is not equal. */
export async function verifyBackup(
  given: string | undefined,
  options: VerifyOptions,
): Promise<void> {
  keepHeapSmall();
  await withDatabase(async ({ db }) => {
    const source = await backupToVerify(db, given, options.fromCommand);
    const { manifest, refreshed } = await untilInterrupted('proof', (signal) =>
      verify(
        { db, actor: actorOf(options.as) },
        { ...source, identity: options.identity, scratch: options.scratch, signal },
      ),
    );
    const rows = manifest.tables.reduce((sum, each) => sum + each.rows, 0);
    if (options.json)
      return printJson({
        id: manifest.id,
        proven: true,
        taken_at: manifest.takenAt,
        tables: manifest.tables.length,
        rows,
        left_out: manifest.leftOut,
        refreshed,
      });
    say(
      `Proven: ${manifest.tables.length} tables with ${rows.toLocaleString('en')} rows, as they were at ${time(new Date(manifest.takenAt))}.`,
    );
    for (const view of refreshed) note(refreshedNote(view));
  });
}
