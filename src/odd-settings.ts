/**
 * Settings that look as if they were given but are not read: mistyped names, and lines of `.env` that set nothing.
 */
import { parseEnv } from 'node:util';
import { dotEnvFile, dotEnvText, textOfDotEnv } from './dot-env.ts';
import { mistyped, nearest } from './ground/nearest.ts';

export const knownSettings = [
  'DATABASE_URL',
  'REDIS_URL',
  'ROUNDSMAN_CONFIG',
  'ROUNDSMAN_HOME',
  'ROUNDSMAN_CONCURRENCY',
  'ROUNDSMAN_CONNECTIONS',
  'ROUNDSMAN_CHECK_MEMORY_MB',
  'ROUNDSMAN_KEYS',
  'ROUNDSMAN_LOG_LEVEL',
  'ROUNDSMAN_PING_URL',
  'ROUNDSMAN_PAGER',
  'ROUNDSMAN_WEB_HOST',
  'ROUNDSMAN_WEB_PORT',
];

/** Variables that the engine's processes pass to each other. */
const internal = new Set(['ROUNDSMAN_CHILD', 'ROUNDSMAN_HANDED_OVER_BY']);

/**
 * One sentence for each, without any value; empty where there are none. `file` is the path that `.env` would have.
 */
export function oddSettings(
  environment: NodeJS.ProcessEnv = process.env,
  file: string = dotEnvFile,
): string[] {
  const text = read(file);
  // A text that is not a name may contain a part of a value, so only the number of its line is shown.
  const ofFile = Object.keys(parseEnv(text)).filter((name) => isName.test(name));
  const names = new Set([...Object.keys(environment), ...ofFile]);
  return [
    ...assignments(text).flatMap((each) => oddLine(each, file) ?? tooLate(each, file) ?? []),
    ...[...names].flatMap(
      (name) =>
        oddName(name) ?? mistypedName(name, { names, isOfFile: ofFile.includes(name) }) ?? [],
    ),
  ];
}

const isName = /^[\p{L}_][\p{L}\p{N}_.]*$/u;

/** A setting's name that stands somewhere in a text, as a word of its own. */
const settingIn = (text: string): string | undefined =>
  knownSettings.find((name) =>
    new RegExp(`(?<![\\p{L}\\p{N}_])${name}(?![\\p{L}\\p{N}_])`, 'iu').test(text),
  );

/** A line that sets nothing, as other shells and programs write one, or that sets a part of what it says. */
function oddLine({ line, name, value }: Assignment, file: string): string | null {
  const where = `line ${line} of ${file}`;
  if (name !== null && isName.test(name)) {
    const isCut = /^[^"'`\s][^\s]*#/.test(value) && knownSettings.includes(name);
    return isCut
      ? `${where} sets ${name} only as far as its #, where a comment begins: write # as %23 in an address`
      : null;
  }
  const meant = settingIn(name ?? value);
  if (meant) return `${where} does not set ${meant}: write it as ${meant}=`;
  return name === null || name === '' ? `${where} sets nothing: it has no NAME=` : null;
}

/** Node reads these when a process starts, which is before it reads `.env`. */
const readByNode = new Set(['NODE_EXTRA_CA_CERTS', 'NODE_USE_SYSTEM_CA', 'NODE_OPTIONS']);

function tooLate({ line, name }: Assignment, file: string): string | null {
  return name !== null && readByNode.has(name)
    ? `line ${line} of ${file} sets ${name} too late: Node reads it before this file, so set it in the environment`
    : null;
}

function oddName(name: string): string | null {
  if (knownSettings.includes(name) || internal.has(name)) return null;
  const inCapitals = name.toUpperCase();
  if (knownSettings.includes(inCapitals)) return `${name} is not read: it is called ${inCapitals}`;
  if (!inCapitals.startsWith('ROUNDSMAN')) return null;
  const [meant] = nearest(inCapitals, knownSettings);
  return `${name} is not a setting${meant ? `; did you mean ${meant}?` : ''}`;
}

/**
 * The sentence for a name that is probably a misspelling of a setting that is not set. All programs use the environment, and may
 * have a `DATABASE_URI` on purpose; so a name without ROUNDSMAN_ is reported only if it stands in `.env`.
 */
function mistypedName(
  name: string,
  { names, isOfFile }: { names: ReadonlySet<string>; isOfFile: boolean },
): string | null {
  if (internal.has(name) || knownSettings.includes(name)) return null;
  const meant = mistyped(name.toUpperCase(), knownSettings);
  if (meant === undefined || names.has(meant)) return null;
  if (!isOfFile && !meant.startsWith('ROUNDSMAN_')) return null;
  return `${name} is not a setting; did you mean ${meant}?`;
}

interface Assignment {
  /** its number */
  line: number;
  /** what stands before its =, without `export`; null without one */
  name: string | null;
  /** what stands after it; the whole line without one */
  value: string;
}

/** The lines that are neither empty, nor comments, nor a part of a quoted value. */
function assignments(text: string): Assignment[] {
  const lines = text.split('\n');
  const found: Assignment[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at]!.trim();
    if (line === '' || line.startsWith('#')) continue;
    const equals = line.indexOf('=');
    const name =
      equals < 0
        ? null
        : line
            .slice(0, equals)
            .trim()
            .replace(/^export\s+/, '');
    const value = line.slice(equals + 1).trim();
    found.push({ line: at + 1, name, value });
    const [quote] = name === null ? [] : (/^["'`]/.exec(value) ?? []);
    if (quote === undefined || value.slice(1).includes(quote)) continue;
    const end = lines.findIndex((other, later) => later > at && other.includes(quote));
    if (end > at) at = end;
  }
  return found;
}

function read(file: string): string {
  try {
    return file === dotEnvFile ? dotEnvText() : textOfDotEnv(file);
  } catch {
    // The code that reads the settings reports a file that it cannot or may not read.
    return '';
  }
}
