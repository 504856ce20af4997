import { credentialKeys } from '../../data/javari/credentials.ts';
import { rotateSecrets as rotate } from '../../data/secrets/rotate.ts';
import { exitCodes } from '../../ground/errors.ts';
import { printable } from '../../ground/text.ts';
import { withDatabase } from '../session/database.ts';
import { counted, json, note, say } from '../terminal/print.ts';
import { keysOf } from './set.ts';

export const rotateSecrets = (options: { json?: true }): Promise<void> =>
  withDatabase(async ({ db, config }) => {
    const keys = keysOf(config, 'the stored secrets');
    const done = await rotate(db, keys);
    if (done.failed.length > 0) process.exitCode = exitCodes.failed;
    const still = await credentialKeys(db);
    if (options.json) return json({ key_id: keys.current, ...done });
    const { rotated, current, failed } = done;
    say(
      `${counted(rotated.length, 'secret')} sealed by ${keys.current} now; ${current.length} were already.`,
    );
    for (const { name, why } of failed) say(`${name} stays as it was: ${printable(why)}`);
    if (failed.length === 0)
      say(
        `No stored secret needs a key but ${keys.current}; give it to every worker before others go.`,
      );
    for (const [id, rows] of still)
      if (id !== keys.current)
        note(`javari_credentials: ${counted(rows, 'row')} under the key ${printable(id)}`);
  });
