/** Reads a directory in loghub's form: files *structured.csv, here or one folder deeper, that label each line with its event. */
import { globSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { BrokenCsv, readCsv } from './csv.ts';

export interface DataSet {
  name: string;
  messages: string[];
  /** the event of each message */
  events: string[];
}

/** Something about the directory that its owner can mend; the message says what to try. */
export class UnusableData extends Error {
  override name = 'UnusableData';
}

const form =
  'files *structured.csv with the columns Content and EventId, as github.com/logpai/loghub has them';

export function readDataSets(directory: string): DataSet[] {
  const found = statSync(directory, { throwIfNoEntry: false });
  if (!found)
    throw new UnusableData(`There is no directory ${directory}: give one that holds ${form}`);
  if (!found.isDirectory())
    throw new UnusableData(`${directory} is no directory: give the one that holds ${form}`);
  const files = globSync(['*structured.csv', '*/*structured.csv'], { cwd: directory }).toSorted();
  if (files.length === 0)
    throw new UnusableData(`${directory} holds no data set: put ${form} into it`);
  return files.map((file) => readDataSet(join(directory, file)));
}

function readDataSet(file: string): DataSet {
  const rows = rowsOf(file);
  const missing = ['Content', 'EventId'].filter((column) => !(column in (rows[0] ?? {})));
  if (missing.length > 0)
    throw new UnusableData(
      `${file} has ${rows.length === 0 ? 'no rows' : `no column ${missing.join(' and no column ')}`}: give ${form}`,
    );
  return {
    name: basename(file).replace(/(_2k|_full)?(\.log)?[._]structured\.csv$/, ''),
    messages: rows.map(({ Content }) => Content!),
    events: rows.map(({ EventId }) => EventId!),
  };
}

function rowsOf(file: string): Record<string, string>[] {
  try {
    return readCsv(readFileSync(file, 'utf8'));
  } catch (error) {
    if (!(error instanceof BrokenCsv)) throw error;
    throw new UnusableData(`${file} is no CSV: ${error.message}. Fetch the file again`);
  }
}
