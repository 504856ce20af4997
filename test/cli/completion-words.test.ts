/** How real shells divide and quote what is typed: the program is asked for whole words, and the whole name is put in. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { scripts, shells, type Shell } from '../../src/cli/completion/scripts.ts';
import { hasTerminal, keys, runInTerminal } from '../support/terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'roundsman-words-'));
afterAll(() => rmSync(folder, { recursive: true }));
const log = join(folder, 'log');

const names = [
  'redis:6379',
  'db:main:7000',
  'web:8080 blue',
  'one two',
  'ann@host:22',
  'key=value',
  "it's:so",
  'say"hi',
  'cost$5',
  'back\\slash',
  'café:1',
];

// What is completed comes from the names above; what is asked and what is entered is written down.
const program = join(folder, 'roundsman');
writeFileSync(join(folder, 'names'), `${names.join('\n')}\n`);
writeFileSync(
  program,
  `#!/usr/bin/env bash
if [[ $1 == completion ]]; then
  shift 3
  { printf 'asked: '; printf '[%s]' "$@"; echo; } >> '${log}'
  last="\${*: -1}" begin=''
  [[ $last == --component=* ]] && begin='--component=' last="\${last#--component=}"
  while IFS= read -r name; do
    [[ $name == "$last"* ]] && printf '%s%s\\t\\n' "$begin" "$name"
  done < '${folder}/names'
  exit
fi
{ printf 'entered: '; printf '[%s]' "$@"; echo; } >> '${log}'
`,
);
chmodSync(program, 0o755);
for (const shell of shells) writeFileSync(join(folder, shell), scripts[shell]);

const begin: Record<Shell, string> = {
  bash: 'exec bash --norc --noprofile -i',
  zsh: 'exec zsh -f -i',
  fish: `exec fish --no-config -i -C "source ${folder}/fish; function fish_prompt; echo 'ready> '; end"`,
};
const setUp: Record<Shell, string> = {
  bash: `set -u; source ${folder}/bash`,
  zsh: `autoload -U compinit; compinit -u -D; unsetopt BEEP; source ${folder}/zsh`,
  fish: 'true',
};

/** What is typed before Tab, the words that the program is asked for, and those that stand on the line then. */
const cases: [typed: string, asked: string[], entered: string[]][] = [
  ['red', ['red'], ['redis:6379']],
  ['redis:', ['redis:'], ['redis:6379']],
  ['db:main:7', ['db:main:7'], ['db:main:7000']],
  ["'db:m", ['db:m'], ['db:main:7000']],
  ['"db:main:', ['db:main:'], ['db:main:7000']],
  ["db':m", ['db:m'], ['db:main:7000']],
  ['web:', ['web:'], ['web:8080 blue']],
  ['web:8080\\ ', ['web:8080 '], ['web:8080 blue']],
  ["'web:8080 ", ['web:8080 '], ['web:8080 blue']],
  ['"one ', ['one '], ['one two']],
  ['ann@', ['ann@'], ['ann@host:22']],
  ['ann@h', ['ann@h'], ['ann@host:22']],
  ['key=', ['key='], ['key=value']],
  ["'say", ['say'], ['say"hi']],
  ['it', ['it'], ["it's:so"]],
  ['cost', ['cost'], ['cost$5']],
  ['back\\\\', ['back\\'], ['back\\slash']],
  ["'back", ['back'], ['back\\slash']],
  ['café', ['café'], ['café:1']],
  ["--component='db:", ['--component=db:'], ['--component=db:main:7000']],
  [
    String.raw`redis:6379 'a b:c' x\ :y --component=db:`,
    ['redis:6379', 'a b:c', 'x :y', '--component=db:'],
    ['redis:6379', 'a b:c', 'x :y', '--component=db:main:7000'],
  ],
];

const inBrackets = (words: string[]) => words.map((word) => `[${word}]`).join('');

/** Types all of them, each with Tab and Enter. */
async function completed(shell: Shell): Promise<string[]> {
  rmSync(log, { force: true });
  const sum = shell === 'fish' ? '(math 40 + 2)' : '$((40+2))';
  const { shown } = await runInTerminal(
    `stty cols 120 rows 40; ${begin[shell]}`,
    '',
    [
      ['ready> ', `${setUp[shell]}; echo set-${sum}${keys.enter}`],
      ['set-42', ''],
      ...cases.map(([typed]): [string, string] => [
        'ready> ',
        `roundsman -- ${typed}\t${keys.enter}`,
      ]),
      ['ready> ', keys.end],
    ],
    {
      PATH: `${folder}:${process.env.PATH}`,
      PS1: 'ready> ',
      PROMPT: 'ready> ',
      HOME: folder,
      LC_ALL: 'C.UTF-8',
    },
  );
  expect(existsSync(log), shown).toBe(true);
  return readFileSync(log, 'utf8').trimEnd().split('\n');
}

for (const shell of shells)
  test.skipIf(!hasTerminal || spawnSync(shell, ['--version']).status !== 0)(
    `${shell} asks for whole words, and puts the whole name on the line`,
    async () => {
      expect(await completed(shell)).toEqual(
        cases.flatMap(([, asked, entered]) => [
          `asked: [--]${inBrackets(asked)}`,
          `entered: [--]${inBrackets(entered)}`,
        ]),
      );
    },
    120_000,
  );
