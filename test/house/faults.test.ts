/** Every check is proven: by a fault that can be planted for it, or by a test that docs/bots.md names. */
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { bots } from '../../bots/index.ts';
import { finderOf } from '../../src/demo/faults/fault.ts';
import { faults } from '../../src/demo/faults/index.ts';
import { withoutFault } from '../docs/without-fault.ts';

const checks = bots.flatMap(({ name, checks }) => checks.map((check) => `${name}.${check.name}`));
const planted = new Set(
  faults.map((fault) => {
    const { bot, check } = finderOf(fault);
    return `${bot}.${check}`;
  }),
);

test('each check has a fault, or an entry that says why it has none; none has both', () => {
  const stated = (check: string) => Object.hasOwn(withoutFault, check);
  expect(checks.filter((check) => planted.has(check) === stated(check))).toEqual([]);
  const known = new Set(checks);
  expect([...planted, ...Object.keys(withoutFault)].filter((each) => !known.has(each))).toEqual([]);
});

test.each(Object.entries(withoutFault))(
  'the test that proves %s is there',
  (check, { test: file }) => {
    expect(existsSync(file), file).toBe(true);
    const [, name] = check.split('.');
    expect(readFileSync(file, 'utf8')).toContain(`'${name}'`);
  },
);

test('each fault has what looks like it beside it', () => {
  const alone = faults.filter(({ lookalike }) => !lookalike).map(({ name }) => name);
  expect(alone).toEqual([]);
});
