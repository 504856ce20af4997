import { printable } from '../../ground/text.ts';
import { listSecrets as list } from '../../services/secrets/list.ts';
import { withDatabase } from '../session/database.ts';
import { json, note, paint, relative } from '../terminal/print.ts';
import { table } from '../terminal/table.ts';

/** The most entries that are named in one row of the table. */
const maxNamed = 3;

export const listSecrets = (options: { json?: true }): Promise<void> =>
  withDatabase(async ({ db, config }) => {
    const { secrets, missing, now } = await list({ db, config });
    if (options.json) return json(secrets);
    table(
      ['Secret', 'From', 'Opens here', 'Changed', 'By', 'Used by'],
      [
        ...secrets.map((secret) => [
          secret.name,
          secret.variable === null ? `sealed, key ${secret.key_id}` : `variable ${secret.variable}`,
          secret.closed === null ? 'yes' : paint('red', `no: ${printable(secret.closed)}`),
          relative(secret.changed_at, now),
          printable(secret.changed_by),
          namesInWords(secret.used_by),
        ]),
        ...missing.map(({ name, used_by }) => [
          name,
          paint('red', 'nowhere'),
          paint('red', 'no: it is not stored'),
          '-',
          '-',
          namesInWords(used_by),
        ]),
      ],
      'No secret yet. `npx roundsman secrets set NAME` stores one.',
      ['By', 'Changed'],
    );
    if (secrets.some(({ variable }) => variable !== null))
      note('each worker reads variables from its own environment, which may differ from this one');
  });

const namesInWords = (entries: readonly string[]): string =>
  entries.length === 0
    ? paint('dim', 'nothing')
    : [
        ...entries.slice(0, maxNamed).map(printable),
        ...(entries.length > maxNamed ? [`${entries.length - maxNamed} more`] : []),
      ].join(', ');
