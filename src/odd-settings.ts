/**
 * Settings that look as if they were given but are not read: mistyped names, and lines of `.env` that set nothing.
 */
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { projectDirectory } from './config.ts';
import { readSettings } from './ground/files/settings-file.ts';
import { nearest } from './ground/nearest.ts';

export const knownSettings = [
  'DATABASE_URL',
  'REDIS_URL',
  'ROUNDSMAN_HOME',
  'ROUNDSMAN_CONCURRENCY',
  'ROUNDSMAN_CONNECTIONS',
  'ROUNDSMAN_CHECK_MEMORY_MB',
  'ROUNDSMAN_KEYS',
  'ROUNDSMAN_LOG_LEVEL',
];

/** Variables that the engine's processes pass to each other. */
const internal = new Set(['ROUNDSMAN_CHILD', 'ROUNDSMAN_HANDED_OVER_BY']);

/**
 * One sentence for each, without any value; empty where there are none. `file` is the path that `.env` would have.
 */
export function oddSettings(
  environment: NodeJS.ProcessEnv = process.env,
  file: string = join(projectDirectory, '.env'),
): string[] {
  const text = read(file);
  const ofFile = Object.keys(parseEnv(text));
  const names = new Set([...Object.keys(environment), ...ofFile]);
  return [
    ...linesWithoutName(text).map(
      (line) => `line ${line} of ${file} sets nothing: it has no NAME=`,
    ),
    ...[...names].flatMap((name) => oddName(name) ?? []),
  ];
}

function oddName(name: string): string | null {
  if (knownSettings.includes(name) || internal.has(name)) return null;
  const inCapitals = name.toUpperCase();
  if (knownSettings.includes(inCapitals)) return `${name} is not read: it is called ${inCapitals}`;
  if (!inCapitals.startsWith('ROUNDSMAN')) return null;
  const [meant] = nearest(inCapitals, knownSettings);
  return `${name} is not a setting${meant ? `; did you mean ${meant}?` : ''}`;
}

/** Numbers of lines that are neither empty, nor comments, nor a part of a quoted value. */
function linesWithoutName(text: string): number[] {
  const lines = text.split('\n');
  const odd: number[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at]!.trim();
    if (line === '' || line.startsWith('#')) continue;
    if (!/^[^=]*[^=\s][^=]*=/.test(line)) {
      odd.push(at + 1);
      continue;
    }
    const quote = /^[^=]*=\s*(["'`])/.exec(line)?.[1];
    if (quote === undefined || line.slice(line.indexOf(quote) + 1).includes(quote)) continue;
    const end = lines.findIndex((other, later) => later > at && other.includes(quote));
    if (end > at) at = end;
  }
  return odd;
}

function read(file: string): string {
  try {
    return readSettings(file);
  } catch {
    // The code that reads the settings reports an unreadable file.
    return '';
  }
}
