import {
  NoSecretError,
  removeSecret as remove,
  usesOfSecrets,
  secretRows,
} from '../data/secrets/rows.ts';
import { printable } from '../text.ts';
import { agrees } from './ask.ts';
import { withDatabase } from './database.ts';
import { json, note, say } from './print.ts';
import { checkSecretName, shownRow } from './secrets-set.ts';

export async function removeSecret(
  name: string,
  options: { yes?: true; json?: true },
): Promise<void> {
  checkSecretName(name);
  await withDatabase(async ({ db }) => {
    const [row] = await secretRows(db, [name]);
    if (!row) throw new NoSecretError(name);
    const used = (await usesOfSecrets(db)).get(name) ?? [];
    const entries = used.map(printable).join(', ');
    if (
      used.length > 0 &&
      !options.yes &&
      !(await agrees(`Remove ${name}, which ${entries} need?`))
    )
      return note('nothing was changed');
    const removed = await remove(db, name);
    if (options.json) return json({ ...shownRow(removed), used_by: used });
    say(`Removed ${name}.`);
    if (used.length > 0) say(`What needs it is not applied until it is stored again: ${entries}`);
  });
}
