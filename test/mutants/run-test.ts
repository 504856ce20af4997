/** One test file in one process of vitest. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Mutant } from './mutant.ts';

export interface Outcome {
  /** names of the tests that failed; the first one ends the run */
  failed: string[];
  passed: number;
  /** the end of what vitest printed, for who has to find out why no test ran */
  printed: string;
}

interface Report {
  testResults: { assertionResults: { fullName: string; status: string }[] }[];
}

/** What hangs for longer is ended. */
const limitMs = 300_000;

/** Runs the test file in the checkout. A signal ends vitest at once; guards stop the servers that it started. */
export async function runTest(
  checkout: string,
  { test, servers }: Pick<Mutant, 'test' | 'servers'>,
  stop: AbortSignal,
): Promise<Outcome> {
  const [report, log] = [join(checkout, 'report.json'), join(checkout, 'vitest.log')];
  rmSync(report, { force: true });
  const output = openSync(log, 'w');
  const config = servers ? 'vitest.config.ts' : 'test/mutants/vitest.config.ts';
  const options = `run ${test} --config ${config} --bail 1 --reporter json`.split(' ');
  const args = [...options, '--root', checkout, '--outputFile', report];
  // A group of its own: Ctrl-C reaches this process alone, which asks vitest to end, once.
  const child = spawn(process.execPath, ['node_modules/vitest/vitest.mjs', ...args], {
    cwd: checkout,
    stdio: ['ignore', output, output],
    detached: true,
  });
  const end = () => child.kill('SIGTERM');
  const ending = AbortSignal.any([stop, AbortSignal.timeout(limitMs)]);
  if (ending.aborted) end();
  ending.addEventListener('abort', end, { once: true });
  await once(child, 'exit');
  ending.removeEventListener('abort', end);
  closeSync(output);
  const tests = testsIn(report);
  return {
    failed: tests.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName),
    passed: tests.filter(({ status }) => status === 'passed').length,
    printed: readFileSync(log, 'utf8').slice(-2_000),
  };
}

/** None where vitest was ended before it wrote its report. */
function testsIn(report: string) {
  try {
    const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as Report;
    return testResults.flatMap(({ assertionResults }) => assertionResults);
  } catch {
    return [];
  }
}
