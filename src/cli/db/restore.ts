import { nameOfKey, restoreBackup } from '../../services/backups/restore.ts';
import { byNumber, printable } from '../../ground/text.ts';
import { actorOf } from '../arguments/actor.ts';
import { withAddress } from '../session/database.ts';
import { note, printJson, say, time } from '../terminal/print.ts';
import { progressOf } from '../terminal/progress.ts';
import { keepHeapSmall } from '../../services/backups/small-heap.ts';
import { untilInterrupted } from './until-interrupted.ts';

interface RestoreOptions {
  identity?: string;
  fromCommand?: string;
  as?: string;
  json?: true;
}

/** `db restore`: into an empty database, and nothing acts there until a person sets the mode. */
export async function restore(file: string | undefined, options: RestoreOptions): Promise<void> {
  keepHeapSmall();
  await withAddress(
    async ({ url, tell }) => {
      tell();
      const progress = progressOf(null);
      const restored = await untilInterrupted('restore', (signal) =>
        restoreBackup(
          { url, actor: actorOf(options.as) },
          {
            file,
            command: options.fromCommand,
            identity: options.identity,
            signal,
            onTable: (table) => progress.draw(0, printable(table)),
          },
        ),
      ).finally(() => progress.clear());
      const { manifest, notValid, missingKeys, broken } = restored;
      if (options.json)
        return printJson({
          id: manifest.id,
          taken_at: manifest.takenAt,
          tables: manifest.tables.length,
          mode: restored.hasEngine ? 'off' : null,
          ended_runs: restored.endedRuns,
          ended_job_runs: restored.endedJobs,
          held_messages: restored.heldMessages,
          not_valid: notValid.map(nameOfKey),
          missing_keys: missingKeys,
          broken,
          left_out: manifest.leftOut,
        });
      say(
        `Restored ${manifest.tables.length} tables, as they were at ${time(new Date(manifest.takenAt))}.`,
      );
      for (const key of notValid.map(nameOfKey))
        note(`${printable(key)} is NOT VALID: rows that it names are not in the backup`);
      for (const each of broken) note(printable(each));
      for (const key of missingKeys) note(`a foreign key is missing: ${printable(key)}`);
      for (const { object, why } of manifest.leftOut)
        note(`not in the backup: ${printable(object)} (${why})`);
      if (!restored.hasEngine) return;
      say(
        `The mode is off. Ended as restored: ${restored.endedRuns} runs of bots and ${restored.endedJobs} of jobs; held back: ${restored.heldMessages} messages.`,
      );
      if (restored.pendingMigrations > 0)
        say(
          `The backup is of an older version of Roundsman: \`npx roundsman db migrate\` brings the database to this one (${restored.pendingMigrations} ${byNumber(restored.pendingMigrations, 'migration', 'migrations')}).`,
        );
      say(
        'Secrets open with the ROUNDSMAN_KEYS of the database that was backed up. When all is well: `npx roundsman mode safe`.',
      );
    },
    { create: true },
  );
}
