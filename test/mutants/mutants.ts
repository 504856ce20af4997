/**
 * Takes one safeguard of healing after the other out of a copy of this checkout, and looks whether a test notices.
 *
 *   npm run mutants [-- words of a name or file ...]
 *
 * One line each: killed, with the test that failed, or SURVIVED. Ends with 1 where one survives, where its text does not
 * stand exactly once in its file, or where its test file fails without it, too.
 */
import { cpSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { newCopy, removeCopy } from '../support/copies.ts';
import { lists } from './lists.ts';
import { eachOf, mutate, placesOf, type Mutant } from './mutant.ts';
import { runTest, type Outcome } from './run-test.ts';

const here = fileURLToPath(new URL('../..', import.meta.url));
const parts = ['src', 'bots', 'jobs', 'migrations', 'test', 'package.json', 'vitest.config.ts'];

const stopping = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(name, () => stopping.abort());

const words = process.argv.slice(2);
const mutants = eachOf(lists).filter(({ name, file }) =>
  words.every((word) => `${file} ${name}`.includes(word)),
);
const copy = newCopy();
let faults = 0;
try {
  for (const part of parts) cpSync(join(here, part), join(copy, part), { recursive: true });
  symlinkSync(join(here, 'node_modules'), join(copy, 'node_modules'));
  const sound = await soundTests();
  for (const mutant of mutants) {
    if (stopping.signal.aborted) break;
    if (sound.has(mutant.test)) await tryOut(mutant);
  }
} finally {
  removeCopy(copy);
}
if (stopping.signal.aborted) process.exitCode = 130;
else if (faults > 0 || mutants.length === 0) process.exitCode = 1;
if (mutants.length === 0) console.error('no mutant has all of these words in its name or file');

/** The test files that pass while nothing is changed: what they say of a mutant is about the mutant. */
async function soundTests(): Promise<Set<string>> {
  const sound = new Set<string>();
  for (const mutant of new Map(mutants.map((each) => [each.test, each])).values()) {
    const outcome = await runTest(copy, mutant, stopping.signal);
    if (stopping.signal.aborted) break;
    if (outcome.failed.length === 0 && outcome.passed > 0) {
      console.log(`sound     ${mutant.test}: ${outcome.passed} tests pass without a mutant`);
      sound.add(mutant.test);
    } else fault(`BROKEN    ${mutant.test} does not pass without a mutant: ${whyOf(outcome)}`);
  }
  return sound;
}

async function tryOut(mutant: Mutant): Promise<void> {
  const { file, name, test } = mutant;
  const title = `${file}: ${name}`;
  const places = placesOf(copy, mutant);
  if (places !== 1) return fault(`NOT MADE  ${title}: its text stands ${places} times in the file`);
  const mend = mutate(copy, mutant);
  const outcome = await runTest(copy, mutant, stopping.signal);
  mend();
  if (stopping.signal.aborted) return;
  if (outcome.failed.length > 0) console.log(`killed    ${title} (${outcome.failed[0]})`);
  else if (outcome.passed > 0) fault(`SURVIVED  ${title} (${test})`);
  else fault(`BROKEN    ${title}: ${whyOf(outcome)}`);
}

const whyOf = ({ failed, printed }: Outcome): string => failed[0] ?? `no test ran\n${printed}`;

function fault(line: string): void {
  faults += 1;
  console.log(line);
}
