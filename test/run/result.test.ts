/** What a check returns is read within bounds, and keys may be called as what every object inherits. */
import { expect, test } from 'vitest';
import { catalogueOf } from '../../src/catalogue/catalogue.ts';
import { plain } from '../../src/ground/plain.ts';
import { readResult } from '../../src/run/tasks/result.ts';
import { aBot, clean } from '../support/builders.ts';

const finding = { severity: 'high', category: 'c', title: 't', component: 'x' };

test.each([
  [{ examined: { count: 2 ** 31, except: [] }, findings: [] }, 'examined.count: '],
  [{ examined: { count: 1e300, except: [] }, findings: [] }, 'examined.count: '],
  [{ examined: { count: 0.5, except: [] }, findings: [] }, 'examined.count: '],
  [{ examined: { count: NaN, except: [] }, findings: [] }, 'examined.count: '],
  [{ examined: { count: 1, except: ['k'.repeat(1_001)] }, findings: [] }, 'examined.except.0: '],
  [{ examined: Array(100_001).fill('k'), findings: [] }, 'examined: '],
  [{ examined: Array(5_000).fill('k'.repeat(900)), findings: [] }, '4500000 characters together'],
  [{ examined: [], findings: [{ ...finding, metadata: [1] }] }, 'findings.0.metadata: '],
  [null, 'does not fit the contract'],
])('refused by name: %#', (returned, why) => {
  expect(() => readResult(returned)).toThrow(why);
});

test('what was read is read in the same way again', () => {
  const metadata = JSON.parse('{"__proto__": {"x": 1}, "constructor": [1]}') as object;
  const once = readResult({ examined: ['x'], findings: [{ ...finding, metadata }] });
  expect(Object.keys(once.findings[0]!.metadata!)).toEqual(['__proto__', 'constructor']);
  expect(readResult(once)).toEqual(once);
});

test('a value that refers to itself everywhere is read without an endless loop', () => {
  const value: unknown[] = [];
  for (let i = 0; i < 100; i++) value.push(value);
  expect(JSON.stringify(plain(value)).length).toBeLessThan(10_000_000);
});

test('a bot may name what a component called `__proto__` depends on', () => {
  const catalogue = catalogueOf([aBot('b', async () => clean())], []);
  const config = JSON.parse('{"depends_on": {"__proto__": ["db"], "constructor": ["db"]}}');
  const { dependsOn } = catalogue.resolve('/api/bots/b', config);
  expect(dependsOn('__proto__')).toEqual(['db']);
  expect(dependsOn('constructor')).toEqual(['db']);
  expect(dependsOn('toString')).toEqual([]);
  expect(() =>
    catalogue.resolve('/api/bots/b', JSON.parse('{"depends_on": {"__proto__": "db"}}')),
  ).toThrow(/depends_on/);
});
