import { UsageError } from '../../ground/errors.ts';
import { readPolicy } from '../../services/policy/check.ts';
import { setPolicy as set, readDefaultPolicy } from '../../services/policy/set.ts';
import { actorOf } from '../arguments/actor.ts';
import { withDatabase } from '../session/database.ts';
import { counted, printJson, note, say } from '../terminal/print.ts';
import { policyFile } from './file.ts';

interface SetOptions {
  default?: true;
  as?: string;
  json?: true;
}

export async function setPolicy(file: string | undefined, options: SetOptions): Promise<void> {
  if ((file === undefined) === (options.default === undefined))
    throw new UsageError({
      what: 'no policy was set',
      why: file === undefined ? 'no file is named' : 'a file and --default exclude each other',
      hint: '`npx roundsman policy set policy.yaml`, or `npx roundsman policy set --default`',
    });
  // Read before the database is opened.
  const given = file === undefined ? null : await policyFile(file);
  const read = given ? readPolicy(given.text, given.place) : readDefaultPolicy();
  await withDatabase(async ({ db }) => {
    const { row, unchanged, keep, warnings } = await set(
      { db, actor: actorOf(options.as) },
      { read },
    );
    for (const warning of warnings) note(warning);
    if (options.json) {
      if (unchanged) note('it is in force already; nothing changed');
      return printJson(row);
    }
    say(
      unchanged
        ? `Policy ${row.version} says this already: nothing changed.`
        : `Policy ${row.version} is in force for tickets that are opened from now on.`,
    );
    if (keep > 0)
      say(
        `${counted(keep, 'pending ticket')} ${keep === 1 ? 'keeps' : 'keep'} the policy with which ${keep === 1 ? 'it' : 'they'} began.`,
      );
  });
}
