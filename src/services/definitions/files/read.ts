/** Reads files of definitions, and says of each mistake in which line it is and what would be right. */
import type { z } from 'zod';
import { issueInWords, noSuchKey } from '../../../ground/documents/issue-words.ts';
import { didYouMean } from '../../../ground/nearest.ts';
import { readYaml, type Problem, type YamlText } from '../../../playbook/yaml.ts';
import type { JsonSchema } from '../../../playbook/schema-words.ts';
import { kindNames } from '../kinds/kind-names.ts';
import { kinds } from '../kinds/index.ts';
import type { Kind, Values } from '../kinds/kind.ts';
import { keysAt } from './keys-at.ts';
import { fileSchema, jsonSchemaOf, maxBytes, maxDepth, version } from './header.ts';

/** A file as it was given: `place` is what errors call it. */
export interface GivenFile {
  place: string;
  text: string;
}

/** A mistake in a file; lines and columns begin at 1. */
export interface PlacedProblem extends Problem {
  place: string;
}

/** One definition of a file. */
export interface Written {
  kind: Kind;
  name: string;
  /** what the file names; null: as it is unless given. Durations are in seconds. */
  fields: Values;
  /** A mistake in a field of this definition, or in the definition itself. */
  problem(message: string, field?: string): PlacedProblem;
}

export interface ReadFiles {
  written: Written[];
  /** the set that all of the files name; null: none does */
  set: string | null;
  /** where the first of them names it */
  setPlace: Omit<PlacedProblem, 'message'> | null;
  problems: PlacedProblem[];
}

/** Reads all files. A definition that has a mistake is left out, and so is all of a file that is no YAML. */
export function readFiles(files: readonly GivenFile[]): ReadFiles {
  const read = files.map(readFile);
  const problems = read.flatMap((file) => file.problems);
  const written: Written[] = [];
  const first = new Map<string, Written>();
  for (const one of read.flatMap((file) => file.written)) {
    const key = `${one.kind.kind} ${one.name}`;
    const before = first.get(key);
    first.set(key, before ?? one);
    if (before === undefined) {
      written.push(one);
      continue;
    }
    const { place, line } = before.problem('');
    problems.push(one.problem(`is defined twice: also in ${place}:${line}`));
  }
  const sets = read.filter(({ set }) => set !== null);
  for (const { set, setPlace } of sets)
    if (set !== sets[0]!.set)
      problems.push({
        ...setPlace,
        message: `set: files that are given together belong to one set, and ${sets[0]!.setPlace.place} names ${sets[0]!.set}`,
      });
  return { written, set: sets[0]?.set ?? null, setPlace: sets[0]?.setPlace ?? null, problems };
}

interface ReadFile {
  written: Written[];
  set: string | null;
  setPlace: Omit<PlacedProblem, 'message'>;
  problems: PlacedProblem[];
}

const start = { line: 1, column: 1 };

function readFile({ place, text }: GivenFile): ReadFile {
  const yaml = readYaml(text, { maxBytes, maxDepth });
  const at = (path: PropertyKey[], key?: string) => ({ place, ...yaml.placeAt(path, key) });
  const none: ReadFile = {
    written: [],
    set: null,
    setPlace: { place, ...start },
    problems: [],
  };
  const failed = (problems: PlacedProblem[]): ReadFile => ({ ...none, problems });
  if (yaml.problems.length > 0)
    return failed(
      yaml.problems.map((each) => ({ ...each, place, message: yamlInWords(each.message) })),
    );
  const { value } = yaml;
  if (value === null || value === undefined)
    return failed([
      { place, ...start, message: `is empty; it begins with apiVersion: ${version}` },
    ]);
  if (typeof value !== 'object' || Array.isArray(value))
    return failed([{ ...at([]), message: 'has to be a map of apiVersion, kind and definitions' }]);
  const document = value as Record<string, unknown>;
  const kind = kinds.find((each) => each.kind === document.kind);
  if (document.apiVersion !== version) {
    const why =
      document.apiVersion === undefined
        ? `is missing: write apiVersion: ${version}`
        : `has to be ${version}, which is the one that this Roundsman reads`;
    return failed([{ ...at([], 'apiVersion'), message: `apiVersion: ${why}` }]);
  }
  if (!kind) {
    const list = `there are ${kindNames.join(', ')}`;
    const why =
      document.kind === undefined
        ? `is missing; ${list}`
        : `there is no such kind; ${typeof document.kind === 'string' ? didYouMean(document.kind, kindNames, list) : list}`;
    return failed([{ ...at([], 'kind'), message: `kind: ${why}` }]);
  }
  return readDefinitions({ place, yaml, kind, document, at });
}

interface Reading {
  place: string;
  yaml: YamlText;
  kind: Kind;
  document: Record<string, unknown>;
  at(path: PropertyKey[], key?: string): Omit<PlacedProblem, 'message'>;
}

function readDefinitions({ place, yaml, kind, document, at }: Reading): ReadFile {
  const parsed = fileSchema(kind).safeParse(document);
  const issues = parsed.error?.issues ?? [];
  const problems = issues.flatMap((issue) => problemsOf(issue, kind, at));
  const set = typeof document.set === 'string' ? document.set : null;
  const setPlace = { place, ...yaml.placeAt([], 'set') };
  if (issues.length > 0) return { written: [], set, setPlace, problems };
  const read = parsed.data!.definitions as Record<string, unknown>;
  const problemIn =
    (name: string | null) =>
    (message: string, field?: string): PlacedProblem => {
      const path = name === null ? ['definitions'] : ['definitions', name];
      const words = [name === null ? kind.kind : name, field].filter(Boolean).join(': ');
      const where =
        field !== undefined
          ? at(path, field)
          : name === null
            ? at([], 'definitions')
            : at(['definitions'], name);
      return { ...where, message: `${words}: ${message}` };
    };
  if (kind.form === 'document')
    return {
      set,
      setPlace,
      problems,
      // What is stored is the document as it was written.
      written: [
        {
          kind,
          name: kind.kind,
          fields: document.definitions as Values,
          problem: problemIn(null),
        },
      ],
    };
  const written = Object.entries(read).map(([name, fields]): Written => ({
    kind,
    name,
    fields: kind.form === 'values' ? { value: fields } : (fields as Values),
    problem: problemIn(name),
  }));
  return { set, setPlace, problems, written };
}

const schemas = new Map<Kind, JsonSchema>();

/** The JSON Schema of a kind is made when the first mistake asks which keys there are. */
function schemaOf(kind: Kind): JsonSchema {
  const known = schemas.get(kind) ?? (jsonSchemaOf(kind) as JsonSchema);
  schemas.set(kind, known);
  return known;
}

function problemsOf(issue: z.core.$ZodIssue, kind: Kind, at: Reading['at']): PlacedProblem[] {
  const words = issue.path
    .slice(issue.path[0] === 'definitions' && issue.path.length > 1 ? 1 : 0)
    .map((part) => (typeof part === 'number' ? `${part + 1}.` : String(part)))
    .join(': ');
  const said = (message: string) => [words, message].filter(Boolean).join(': ');
  if (issue.code !== 'unrecognized_keys')
    return [{ ...at([...issue.path]), message: said(issueInWords(issue)) }];
  const known = keysAt(schemaOf(kind), issue.path);
  return issue.keys.map((key) => ({
    ...at([...issue.path], key),
    message: said(`${noSuchKey(key)}; ${didYouMean(key, known, `there are ${known.join(', ')}`)}`),
  }));
}

/** What the parser of YAML says, in the words of a person who writes definitions. */
function yamlInWords(message: string): string {
  if (/multiple documents/.test(message))
    return 'is several documents (`---`); a file holds one: put the others into files of their own';
  if (/Map keys must be unique/.test(message)) return 'this key is there already, in the same map';
  if (/alias/i.test(message))
    return `${message.includes('not allowed') ? message : 'aliases are not allowed'}; a value that begins with * has to stand in quotes`;
  if (/reserved character @/.test(message))
    return 'a value that begins with @ has to stand in quotes';
  if (/a key has to be text/.test(message))
    return `${message}; a name that YAML reads as a number, as null or as true has to stand in quotes`;
  if (/Tabs are not allowed|tab/i.test(message))
    return 'a tab stands where lines are indented; use spaces';
  return message;
}
