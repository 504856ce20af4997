import { backupTargetOf, makeBackup as make, whyUnprovable } from '../../services/backups/make.ts';
import { printable } from '../../ground/text.ts';
import { actorOf } from '../arguments/actor.ts';
import { withDatabase } from '../session/database.ts';
import { note, printJson, say } from '../terminal/print.ts';
import { progressOf } from '../terminal/progress.ts';
import { bytesInWords } from './bytes.ts';
import { keepHeapSmall } from '../../services/backups/small-heap.ts';
import { untilInterrupted } from './until-interrupted.ts';

interface BackupOptions {
  toFolder?: string;
  toCommand?: string;
  fromCommand?: string;
  recipient?: string[];
  proof: boolean;
  as?: string;
  json?: true;
}

/** Of a materialised view. */
export const refreshedNote = (view: string): string =>
  `${printable(view)} gets other rows by a restore: it was not refreshed since the rows that it reads have changed`;

/** `db backup` */
export async function makeBackup(options: BackupOptions): Promise<void> {
  keepHeapSmall();
  await withDatabase(async ({ db, url }) => {
    const target = await backupTargetOf(db, options);
    const unprovable = options.proof ? whyUnprovable() : null;
    if (unprovable) note(`${unprovable.what}: ${unprovable.why}. Try: ${unprovable.hint}`);
    const progress = progressOf(null);
    const taken = await untilInterrupted('backup', (signal) =>
      make(
        { db, url, actor: actorOf(options.as) },
        {
          ...target,
          prove: options.proof,
          signal,
          onRows: (rows, table) =>
            progress.draw(0, `${rows.toLocaleString('en')} rows  ${printable(table)}`),
          onProof: () => progress.draw(0, 'written; restoring a copy'),
        },
      ),
    ).finally(() => progress.clear());
    const { manifest, unproven } = taken;
    const rows = manifest.tables.reduce((sum, each) => sum + each.rows, 0);
    if (unproven !== null && options.proof) process.exitCode = 1;
    if (options.json)
      return printJson({
        id: taken.id,
        file: taken.file,
        bytes: taken.bytes,
        tables: manifest.tables.length,
        rows,
        proven: taken.proven,
        unproven,
        left_out: manifest.leftOut,
        refreshed: taken.refreshed,
        removed: taken.removed,
      });
    say(
      `Backed up ${manifest.tables.length} tables with ${rows.toLocaleString('en')} rows (${bytesInWords(taken.bytes)}): ${printable(taken.file ?? 'the command took it')}`,
    );
    say(
      unproven === null
        ? 'Proven: a copy was restored, and is equal in schema, rows and sequences.'
        : `Not proven: ${printable(unproven)}`,
    );
    for (const { object, why } of manifest.leftOut)
      note(`not in it: ${printable(object)} (${why})`);
    for (const view of taken.refreshed) note(refreshedNote(view));
    if (taken.removed > 0) say(`Removed ${taken.removed} old ones.`);
  });
}
