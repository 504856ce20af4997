/** A command that an error or a bot advises exists, and stands in backticks, so that a reader sees where it begins and ends. */
import { readFileSync, globSync } from 'node:fs';
import { expect, test } from 'vitest';
import { wholeProgram } from '../../src/bin/cli.ts';

/** What stands behind `hint:` up to the end of its object, and the texts of hints that functions are given. */
const hints =
  /\bhint:[\s\S]*?\n\s*\}\)?[;,]?\n|\bdidYouMean\([\s\S]*?\);?\n|\brefus(?:e|al)\([\s\S]*?\);\n/g;

/** Lines of a hint with a command that is not in backticks: escaped ones in a template, plain ones in quotes. */
const bareIn = (text: string): string[] =>
  text.split('\n').filter((line) => {
    const rest = line.replaceAll(/\\`.*?\\`/g, '').replaceAll(/(?<=['"].*)`[^`]*`/g, '');
    return !/^\s*(?:\/\/|\*)/.test(line) && /npx roundsman/.test(rest);
  });

test('no hint has a bare command', () => {
  const found = globSync('src/**/*.ts').flatMap((file) => {
    const text = readFileSync(file, 'utf8');
    return [...text.matchAll(hints)].flatMap(([hint]) =>
      bareIn(hint).map((line) => `${file}: ${line.trim()}`),
    );
  });
  expect([...new Set(found)]).toEqual([]);
});

/** `jobs show` of each `npx roundsman jobs show ...`, with the file. */
const advised = () =>
  ['src/**/*.ts', 'bots/**/*.ts', 'jobs/**/*.ts', 'docs/**/*.md', 'README.md']
    .flatMap((files) => globSync(files))
    .flatMap((file) =>
      [
        ...readFileSync(file, 'utf8').matchAll(/npx roundsman ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?/g),
      ].map(([, noun, verb]) => ({ file, noun: noun!, verb })),
    );

test('each command that a text names is there', () => {
  const { commands } = wholeProgram();
  const missing = advised().filter(({ noun, verb }) => {
    const command = commands.find((each) => each.name() === noun);
    // What follows a command without others is its argument.
    if (!command || command.commands.length === 0) return !command && noun !== 'help';
    // So it is of one that has arguments of its own beside them, as `settings`.
    if (command.registeredArguments.length > 0) return false;
    return verb !== undefined && !command.commands.some((each) => each.name() === verb);
  });
  expect(missing).toEqual([]);
});
