/**
 * `npm test -- --reporter=json --outputFile=report.json`, and then `node test/support/find-long-tests.ts report.json`, writes
 * long-tests.json: the test files that took more than 10 s, the longest first.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';

const longMs = 10_000;

const [report = 'report.json'] = process.argv.slice(2);
const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as {
  testResults: { name: string; startTime: number; endTime: number }[];
};
const tests = new URL('..', import.meta.url).pathname;
const long = testResults
  .map(({ name, startTime, endTime }) => ({ name: relative(tests, name), ms: endTime - startTime }))
  .filter(({ ms }) => ms > longMs)
  .toSorted((one, other) => other.ms - one.ms)
  .map(({ name }) => name);
writeFileSync(new URL('long-tests.json', import.meta.url), `${JSON.stringify(long, null, 2)}\n`);
console.log(`${long.length} of ${testResults.length} files took more than ${longMs / 1_000} s`);
