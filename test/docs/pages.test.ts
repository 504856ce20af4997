import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { wholeProgram } from '../../src/bin/cli.ts';
import { RoundsmanError } from '../../src/ground/errors.ts';
import {
  errorClasses,
  exitCodesOf,
  retryableOf,
  sources,
  takesExplanation,
} from './error-classes.ts';
import { pages } from './pages.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

test.each(Object.entries(pages))('%s is what `npm run docs` writes', async (path, text) => {
  expect(readFileSync(join(root, path), 'utf8')).toBe(await text());
});

test('each command, argument and option says what it is for', () => {
  const all = (command: Command): Command[] => [command, ...command.commands.flatMap(all)];
  const commands = all(wholeProgram());
  expect(commands.length).toBeGreaterThan(50);
  const silent = commands.flatMap((command) => [
    ...(command.description() ? [] : [command.name()]),
    ...[...command.registeredArguments, ...command.options]
      .filter(({ description }) => !description)
      .map((each) => `${command.name()} ${each.name()}`),
  ]);
  expect(silent).toEqual([]);
});

describe('the errors of docs/errors.md', async () => {
  const names = new Set(errorClasses.map(({ name }) => name));
  const exported = new Map<string, typeof RoundsmanError>();
  for (const file of new Set(errorClasses.map((each) => each.file)))
    for (const [name, value] of Object.entries(await import(join(root, file))))
      if (
        typeof value === 'function' &&
        (value === RoundsmanError || value.prototype instanceof RoundsmanError)
      )
        exported.set(name, value as typeof RoundsmanError);

  test('are all that extend one of them, wherever the text of a file says so', () => {
    const extending = [...sources].flatMap(([file, text]) =>
      [...text.matchAll(/\bextends\s+(\w+)/g)]
        .filter(([, parent]) => names.has(parent!))
        .map(() => file),
    );
    const found = errorClasses.filter(({ name }) => name !== 'RoundsmanError');
    expect(found.length).toBeGreaterThan(60);
    expect(extending.toSorted()).toEqual(found.map(({ file }) => file).toSorted());
  });

  test('are all that are such errors when their modules are loaded', () => {
    const expected = errorClasses.filter(({ isExported }) => isExported).map(({ name }) => name);
    expect([...exported.keys()].toSorted()).toEqual(expected);
  });

  test('have exit code and `later` as the page says', () => {
    const plain = errorClasses.filter((each) => each.isExported && takesExplanation(each));
    expect(plain.length).toBeGreaterThan(30);
    for (const each of plain) {
      const error = new (exported.get(each.name)!)({ what: 'a', why: 'b', hint: 'c' });
      expect([error.exitCode], each.name).toEqual(exitCodesOf(each));
      expect(error.retryable ? 'yes' : 'no', each.name).toBe(retryableOf(each));
    }
  });

  test('each say in their comment what they mean', () => {
    expect(errorClasses.filter(({ meaning }) => !/[.:]$/.test(meaning))).toEqual([]);
  });
});
