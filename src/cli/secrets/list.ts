import { printable } from '../../ground/text.ts';
import { listSecrets as read } from '../../services/secrets/list.ts';
import type { ListOptions } from '../arguments/show-options.ts';
import { isData } from '../listing/document.ts';
import { list, type Column } from '../listing/list.ts';
import { loadCatalogue } from '../session/catalogue.ts';
import { withDatabase } from '../session/database.ts';
import { paint, relative } from '../terminal/print.ts';

/** The most entries that are named in one row of the table. */
const maxNamed = 3;

type Read = Awaited<ReturnType<typeof read>>;
/** A secret, or a name that is used and not stored. */
type Listed = Read['secrets'][number] | Read['missing'][number];

const isStored = (secret: Listed): secret is Read['secrets'][number] => 'changed_at' in secret;

const columns = (now: Date): Column<Listed>[] => [
  { name: 'name', head: 'Secret', cell: ({ name }) => printable(name) },
  { name: 'from', head: 'From', cell: (secret) => sourceOf(secret) },
  {
    name: 'closed',
    head: 'Opens here',
    cell: (secret) =>
      isStored(secret)
        ? secret.closed === null
          ? 'yes'
          : paint('red', `no: ${printable(secret.closed)}`)
        : paint(secret.optional ? 'dim' : 'red', 'no: it is not stored'),
    // For programs: why the secret does not open; empty where it does.
    cellForPrograms: (secret) =>
      isStored(secret) ? secret.closed && printable(secret.closed) : 'it is not stored',
  },
  {
    name: 'changed_at',
    head: 'Changed',
    cell: (secret) => (isStored(secret) ? relative(secret.changed_at, now) : null),
  },
  {
    name: 'changed_by',
    head: 'By',
    cell: (secret) => (isStored(secret) ? printable(secret.changed_by) : null),
  },
  {
    name: 'used_by',
    head: 'Used by',
    cell: ({ used_by }) => namesInWords(used_by),
    cellForPrograms: ({ used_by }) => used_by.map(printable).join(', ') || null,
    sortValue: ({ used_by }) => used_by.length,
  },
];

function sourceOf(secret: Listed): string {
  if (!isStored(secret)) return paint(secret.optional ? 'dim' : 'red', 'nowhere');
  return secret.variable === null
    ? `sealed, key ${printable(secret.key_id ?? '')}`
    : `variable ${printable(secret.variable)}`;
}

export const listSecrets = (options: ListOptions): Promise<void> =>
  withDatabase(async ({ db, config }) => {
    const { secretsOf: asked } = await loadCatalogue();
    const { secrets, missing, now } = await read({ db, config, asked });
    await list<Listed>({
      options,
      // A name that is not stored has no row.
      rows: isData(options) ? secrets : [...secrets, ...missing],
      columns: columns(now),
      empty: 'No secret yet. `npx roundsman secrets set NAME` stores one.',
      dropWhenNarrow: ['changed_by', 'changed_at'],
      notes: secrets.some(({ variable }) => variable !== null)
        ? ['each worker reads variables from its own environment, which may differ from this one']
        : [],
    });
  });

const namesInWords = (entries: readonly string[]): string =>
  entries.length === 0
    ? paint('dim', 'nothing')
    : [
        ...entries.slice(0, maxNamed).map(printable),
        ...(entries.length > maxNamed ? [`${entries.length - maxNamed} more`] : []),
      ].join(', ');
