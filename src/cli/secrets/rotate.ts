import { exitCodes } from '../../ground/errors.ts';
import { printable } from '../../ground/text.ts';
import { sealingKeys } from '../../services/secrets/checks.ts';
import { rotateSecrets as rotate } from '../../services/secrets/rotate.ts';
import { actorOf } from '../arguments/actor.ts';
import { withDatabase } from '../session/database.ts';
import { counted, printJson, note, say } from '../terminal/print.ts';

export const rotateSecrets = (options: { json?: true }): Promise<void> =>
  withDatabase(async ({ db, config }) => {
    const keys = sealingKeys(config, 'the stored secrets');
    const { outcome, others } = await rotate({ db, actor: actorOf() }, { keys });
    const { rotated, current, failed } = outcome;
    if (failed.length > 0) process.exitCode = exitCodes.failed;
    if (options.json) return printJson({ key_id: keys.current, ...outcome });
    say(
      `${counted(rotated.length, 'secret')} newly sealed with ${keys.current}; ${current.length} were already.`,
    );
    for (const { name, why } of failed) say(`${name} stays as it was: ${printable(why)}`);
    if (failed.length === 0)
      say(
        `Every stored secret needs only ${keys.current}; give it to every worker before you remove other keys.`,
      );
    for (const { key_id, rows } of others)
      note(`javari_credentials: ${counted(rows, 'row')} under the key ${printable(key_id)}`);
  });
