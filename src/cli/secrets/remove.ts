import {
  NoSecretError,
  removeSecret as remove,
  usesOfSecrets,
  secretRows,
} from '../../data/secrets/rows.ts';
import { printable } from '../../ground/text.ts';
import { UsageError } from '../../ground/errors.ts';
import { agrees, canAsk } from '../terminal/ask.ts';
import { withDatabase } from '../session/database.ts';
import { json, note, say } from '../terminal/print.ts';
import { checkSecretName, shownRow } from './set.ts';

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
    if (used.length > 0 && !options.yes) {
      if (!canAsk()) throw inUse(name, entries);
      const need = used.length === 1 ? 'needs' : 'need';
      if (!(await agrees(`Remove ${name}, which ${entries} ${need}?`)))
        return note('nothing was changed');
    }
    const removed = await remove(db, name);
    if (options.json) return json({ ...shownRow(removed), used_by: used });
    say(`Removed ${name}.`);
    if (used.length > 0) say(`What needs it is not applied until it is stored again: ${entries}`);
  });
}

/** A script that did not know would stop the healing of those entries. */
const inUse = (name: string, entries: string): UsageError =>
  new UsageError({
    what: `the secret ${name} was not removed`,
    why: `it is in use, and there is no terminal to ask on: ${entries}`,
    hint: 'give --yes to remove it all the same, or change those entries first (`npx roundsman knowledge edit`)',
  });
