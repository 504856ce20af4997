/** Figures of a check: stored with its run, shown, within limits. */
import { expect, test } from 'vitest';
import { roundsman } from '../cli/command.ts';
import { aBot, broken, catalogue, clean } from '../support/builders.ts';
import { anEngine } from '../support/engine.ts';
import { run } from '../support/runs.ts';
import { readResult } from '../../src/run/tasks/result.ts';

const result = (figures: unknown) => readResult({ examined: ['a'], findings: [], figures });

test('figures are kept with their units', () => {
  const figures = [
    { name: 'connections used', value: 43.5, unit: '%' },
    { name: 'rows', value: 0 },
  ];
  expect(result(figures).figures).toEqual(figures);
  expect(result(undefined)).not.toHaveProperty('figures');
});

test('more than twenty are cut, and so are long names', () => {
  const many = Array.from({ length: 30 }, (_, n) => ({ name: `${n} ${'x'.repeat(60)}`, value: n }));
  const { figures = [] } = result(many);
  expect(figures).toHaveLength(20);
  expect(figures.every(({ name }) => name.length <= 50)).toBe(true);
});

test.each([[NaN], [Infinity], ['7'], [null], [7n]])('%s is no figure', (value) => {
  expect(() => result([{ name: 'rows', value }])).toThrow(/figures\.0\.value/);
});

test('they are stored with the run, whether the check passes or fails, and shown', async () => {
  const figures = [{ name: 'rows "left"\u0000', value: 1234.567, unit: 'ms' }];
  const bot = aBot('watch', {
    passes: async () => ({ ...clean('a'), figures }),
    fails: async () => ({ ...broken('b'), figures: [{ name: 'rows', value: -1 }] }),
    'says-none': async () => clean('c'),
  });
  const engine = await anEngine({ name: 'postgres' }, catalogue([bot]));
  const { id, metadata } = await run(engine, 'watch');
  const { checks } = metadata as { checks: { name: string; figures?: unknown }[] };
  expect(checks.map(({ name, figures: read }) => [name, read])).toEqual([
    ['passes', [{ name: 'rows "left"\uFFFD', value: 1234.567, unit: 'ms' }]],
    ['fails', [{ name: 'rows', value: -1 }]],
    ['says-none', undefined],
  ]);
  const { out } = await roundsman(engine.url, 'runs', 'show', id);
  expect(out).toMatch(
    /Figures\n.*\n *passes +rows "left"\uFFFD +1,234\.57 ms\n *fails +rows +-1\n/,
  );
});
