import { existsSync, readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { printable } from '../../ground/text.ts';
import { makeProject } from '../../services/init/make-project.ts';
import { say } from '../terminal/print.ts';

/** Writes the project, and says what to type next. */
export function makeNewProject(directory: string, { from }: { from?: string }): void {
  const { path, files } = makeProject(directory, from === undefined ? version() : asPackage(from));
  say(`Made a project in ${printable(path)}: ${files.join(', ')}.`);
  say('\nType next:\n');
  const way = relative(process.cwd(), path);
  const steps = [
    ...(way === '' ? [] : [`cd ${quoted(way)}`]),
    'npm install',
    'npm start                  # everything in one process, with a live status; Ctrl-C ends it',
    'npm test                   # the test of bots/hello.ts',
    'npx roundsman bots list    # hello is among them after the first start',
  ];
  for (const step of steps) say(`  ${step}`, '  ');
}

const version = (): string =>
  (
    JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
      version: string;
    }
  ).version;

/** A path is meant from here, and npm would take it from the project. */
const asPackage = (from: string): string =>
  /^[./]/.test(from) && existsSync(from) ? `file:${resolve(from)}` : from;

/** A path as a shell takes it. */
const quoted = (path: string): string =>
  /^[\w./-]+$/.test(path) ? path : `'${printable(path).replaceAll("'", `'\\''`)}'`;
