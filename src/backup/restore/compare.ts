/** Compares a restored database with its backup: the schema dumped again, and every table, sequence and large object read again. */
import { createHash } from 'node:crypto';
import type { BackedUpTable, Manifest } from '../archive/manifest.ts';
import { addSums, rowSums } from '../archive/row-sums.ts';
import { comparable, dumperFor } from '../dump/dump-schema.ts';
import { readLargeObjects } from '../read/large-objects.ts';
import { readSequences } from '../read/sequences.ts';
import { openSnapshot } from '../read/snapshot.ts';
import { readViews, readViewSums } from '../read/surroundings.ts';
import { nameOf, readTable } from '../read/table.ts';
import { asChecked, type ForeignKey } from './foreign-key.ts';
import { surroundingsThatDiffer } from './compare-surroundings.ts';

/** The texts of an archive that are compared. */
export interface Texts {
  preData: string;
  postData: string;
  eventTriggers: string;
  sequences: string;
  /** of a copy in a server of its own, whose roles and settings the restore made: they are compared, too */
  roles?: string;
  settings?: string;
  /** SHA-256 of all statements that make large objects, with their owners and rights */
  largeObjects?: string;
}

export interface Comparison {
  /** one sentence for each; none where both are equal */
  differences: string[];
  /** materialised views that have other rows than before: they were filled from the rows of the backup, and had not been since those changed */
  refreshed: string[];
}

/** More are not listed: the first ones say what is wrong. */
const maxDifferences = 20;

/**
 * `notValid`: foreign keys whose referenced rows are not in the backup, and which were therefore restored
 * unchecked.
 */
export async function compareWithBackup(
  url: string,
  manifest: Manifest,
  { texts, notValid = [] }: { texts: Texts; notValid?: readonly ForeignKey[] },
  signal: AbortSignal,
): Promise<Comparison> {
  const snapshot = await openSnapshot(url);
  const found: string[] = [];
  const note = (difference: string | null) => {
    if (difference !== null && found.length < maxDifferences) found.push(difference);
  };
  try {
    const { client } = snapshot;
    const { rows } = await client.query<{ major: number }>(
      `SELECT current_setting('server_version_num')::int / 10000 AS major`,
    );
    const dumper = await dumperFor(rows[0]!.major);
    const args = manifest.dumperArguments;
    const dump = async (section: 'pre-data' | 'post-data') =>
      comparable(await dumper.dump(url, section, { args, snapshot: snapshot.id, signal }));
    const asWritten =
      rows[0]!.major === manifest.serverMajor ? (text: string) => text : withoutBodies;
    note(differenceOf('pre-data', asWritten(texts.preData), asWritten(await dump('pre-data'))));
    const checked = (text: string) => asChecked(asWritten(text), notValid);
    const postData = texts.postData + texts.eventTriggers;
    note(differenceOf('post-data', checked(postData), checked(await dump('post-data'))));
    for (const group of byRoot(manifest.tables)) {
      const sums = rowSums();
      for (const table of group) {
        signal.throwIfAborted();
        for await (const data of readTable(client, table)) sums.add(data);
      }
      const [{ schema, name, root }] = group as [BackedUpTable];
      const of = root ?? nameOf({ schema, name });
      const expected = addSums(group);
      const { rows: count, sum } = sums.result();
      if (count !== expected.rows)
        note(`${of} has ${count} rows, and ${expected.rows} in the backup`);
      else if (sum !== expected.sum) note(`rows of ${of} differ from those of the backup`);
    }
    const { statements } = await readSequences(client);
    note(
      differenceOf('sequences', texts.sequences, statements.map((each) => `${each}\n`).join('')),
    );
    const objects = readLargeObjects(client);
    const statementsOfObjects = createHash('sha256');
    let next = await objects.next();
    for (; !next.done; next = await objects.next()) statementsOfObjects.update(`${next.value}\n`);
    if (JSON.stringify(next.value) !== JSON.stringify(manifest.largeObjects))
      note('large objects differ from those of the backup');
    else if (![undefined, statementsOfObjects.digest('hex')].includes(texts.largeObjects))
      note('owners or rights of large objects differ from those of the backup');
    const views = await readViews(client);
    const missing = manifest.views.filter((view) => !views.includes(view));
    if (missing.length > 0) note(`materialised views without rows: ${missing.join(', ')}`);
    for (const difference of await surroundingsThatDiffer(client, texts)) note(difference);
    const before = (manifest.viewSums ?? []).filter(({ view }) => views.includes(view));
    const after = await readViewSums(
      client,
      before.map(({ view }) => view),
    );
    const refreshed = before
      .filter(({ view, rows: count, sum }) => {
        const now = after.find((each) => each.view === view);
        return now?.rows !== count || now.sum !== sum;
      })
      .map(({ view }) => view);
    return { differences: found, refreshed };
  } finally {
    snapshot.end();
  }
}

/**
 * The schema without what stands in views and rules: another major version writes the same query in other words, as `a.id` or `id`.
 * That they are there, of which kind, and whose, is still compared. Their meaning was read by the server when they were restored.
 */
export const withoutBodies = (schema: string): string =>
  schema
    .split(/^(?=--\n-- Name: )/m)
    .map((entry) =>
      /^--\n-- Name: .*; Type: (?:VIEW|MATERIALIZED VIEW|RULE); /.test(entry)
        ? `${entry.split('\n').slice(0, 3).join('\n')}\n`
        : entry,
    )
    .join('');

/** Tables alone, and the partitions of a table together: which of them holds a row may change when it is restored. */
const byRoot = (tables: readonly BackedUpTable[]): BackedUpTable[][] => [
  ...Map.groupBy(tables, (each) => each.root ?? nameOf(each)).values(),
];

/** The elements of a list of texts that was written for a varchar column: `'a'::character varying, ...`. */
const element = `'(?:[^']|'')*'::character varying`;
const castList = new RegExp(
  String.raw`\(\(ARRAY\[(${element}(?:, ${element})*)\]\)::text\[\]\)`,
  'g',
);

/**
 * A schema in the form that it keeps, line by line. PostgreSQL writes two kinds of conditions in another way once it has read what
 * it wrote: `x IN ('a', 'b')` of a varchar column is a cast of the list first and then a list of casts, and parentheses around parts
 * of a chain of AND or OR go away. Parentheses are left out of the comparison, which such a change cannot tell from a real one.
 * Grants that follow each other mean the same in any order.
 */
function lasting(schema: string): string[] {
  const lines = schema
    .replace(castList, (_all, list: string) => {
      const elements = list.replace(new RegExp(element, 'g'), (each) => `(${each})::text`);
      return `(ARRAY[${elements}])`;
    })
    .replaceAll(/[()]/g, '')
    .split('\n');
  for (let at = 0; at < lines.length; at += 1) {
    let end = at;
    while (grant.test(lines[end] ?? '')) end += 1;
    if (end > at + 1) lines.splice(at, end - at, ...lines.slice(at, end).toSorted());
    at = end;
  }
  return lines;
}

const grant = /^(?:ALTER DEFAULT PRIVILEGES .* )?GRANT .* TO .*;$/;

/** Says at which line two texts of a schema differ; null where they mean the same. */
export function differenceOf(of: string, backup: string, restored: string): string | null {
  const [before, after] = [lasting(backup), lasting(restored)];
  const at = Array.from({ length: Math.max(before.length, after.length) }).findIndex(
    (_each, line) => before[line] !== after[line],
  );
  if (at === -1) return null;
  const shown = (text: string | undefined) => JSON.stringify((text ?? '').slice(0, 120));
  return `${of} differs at line ${at + 1}: ${shown(before[at])} in the backup, ${shown(after[at])} when it was restored`;
}
