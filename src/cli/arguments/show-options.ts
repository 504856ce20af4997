/**
 * The options of every command that shows something. A command declares one of them, `showJson` for a document or
 * `listJson` for rows; `applyShowOptions` adds those that go with it, so that all commands have the same.
 */
import { Option, type Command } from 'commander';
import { UsageError } from '../../ground/errors.ts';
import type { Moment } from '../../services/bots/backfill.ts';
import { moment } from './durations.ts';
import { timeStyles, type TimeStyle } from '../terminal/times.ts';

export const listFormats = ['table', 'tsv', 'json', 'yaml', 'jsonl', 'csv'] as const;
/** A document cannot be a table; its `text` is for a person. */
export const documentFormats = ['text', 'json', 'yaml', 'jsonl'] as const;

/** How a person wants a document to be shown. */
export interface ShowOptions {
  /** true: all of it; else these fields */
  json?: true | string[];
  output?: (typeof documentFormats)[number] | (typeof listFormats)[number];
  time?: TimeStyle;
  /** false: `--no-pager` */
  pager?: boolean;
}

/** How a person wants rows to be shown. */
export interface ListOptions extends ShowOptions {
  columns?: string[];
  /** the name of a column; with a dash before it, in descending order */
  sort?: string;
}

/** What is asked of a history: since when, and how much of it. */
export interface HistoryOptions extends ListOptions {
  since?: Moment;
  limit: number;
}

interface Kind {
  kind: 'document' | 'rows';
  sortable: boolean;
  paged: boolean;
}

/** The option of every command whose output a pager shows. */
const pagerFlag = '--no-pager';
export const noPagerOption = [
  pagerFlag,
  'show all at once, also what is longer than the screen',
] as const;

/** Whether a pager shows what the command prints, where a person does not say otherwise. */
export const isPaged = (command: Command): boolean =>
  command.options.some(({ long }) => long === pagerFlag);

const kinds = new WeakMap<Option, Kind>();

/** `a,b`: names, each once */
const namesIn =
  (flag: string) =>
  (text: string): string[] => {
    const names = text.split(',').map((name) => name.trim());
    if (!names.includes('')) return [...new Set(names)];
    throw new UsageError({
      what: `${flag} has an empty name`,
      why: `${JSON.stringify(text)} is empty, or has a comma with no name beside it`,
      hint: `write the names with a comma between them: ${flag} ${names.filter(Boolean).join(',') || 'id'}`,
    });
  };

function jsonFields(kind: Kind): Option {
  const option = new Option('--json [fields]', 'print one JSON document; with only these fields');
  option.argParser(namesIn('--json'));
  kinds.set(option, kind);
  return option;
}

/** `--json [fields]` of a command that shows one thing. A command that is not `paged` prints while it works, or asks questions. */
export const showJson = ({ paged = true } = {}): Option =>
  jsonFields({ kind: 'document', sortable: false, paged });

/** `--json [fields]` of a list; `sortable` where all rows can be read to sort them. */
export const listJson = ({ sortable = false, paged = true } = {}): Option =>
  jsonFields({ kind: 'rows', sortable, paged });

/** `--since` of lists with times: the same for all of them. */
export const sinceOption = (of: string): Option =>
  new Option(
    '--since <time>',
    `${of} since a time or a duration ago: '2026-11-22 09:00', 24h`,
  ).argParser(moment('--since'));

/** What kind of thing the command shows; null where it only says what it has done. */
export const kindOf = (command: Command): Kind | null =>
  command.options.map((option) => kinds.get(option)).find(Boolean) ?? null;

/** Adds the options that go with `--json [fields]`. */
export function applyShowOptions(command: Command): void {
  const kind = kindOf(command);
  if (!kind) return;
  const formats: readonly string[] = kind.kind === 'rows' ? listFormats : documentFormats;
  command.options.find(({ long }) => long === '--json')!.conflicts(['output', 'columns']);
  command.addOption(
    new Option(
      '-o, --output <format>',
      kind.kind === 'rows'
        ? 'in which form (a table on a terminal, tsv elsewhere)'
        : 'in which form (text)',
    ).choices(formats),
  );
  if (kind.kind === 'rows')
    command.addOption(
      new Option('--columns <names>', 'only these columns, in this order').argParser(
        namesIn('--columns'),
      ),
    );
  if (kind.sortable)
    command.option('--sort <column>', 'by this column; -column for the other direction');
  command.addOption(
    new Option('--time <style>', 'times as 2026-11-22T10:05:00+01:00, or as 5m ago').choices(
      timeStyles,
    ),
  );
  if (kind.paged) command.option(...noPagerOption);
}
