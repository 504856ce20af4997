/** The demo: a platform with all faults, without a network, and no more than a person reads. */
import { expect, test } from 'vitest';
import { bots } from '../../bots/index.ts';
import { faults } from '../../src/demo/faults/index.ts';
import { start } from '../cli/command.ts';

/** More lines than a person reads of a demonstration. */
const maxLines = 100;

test('it plants every fault, runs every bot that looks inside, and says the rest in a line', async () => {
  const { code, out } = await start(undefined, ['demo']).ended;
  expect(code).toBe(0);
  const lines = out.trim().split('\n');
  expect(lines.length).toBeLessThan(maxLines);
  const count = faults.length === 1 ? '1 planted fault' : `${faults.length} planted faults`;
  expect(lines[0]).toMatch(/^Checked: \d+ bots? with \d+ checks/);
  expect(lines[0]).toContain(count);
  // The remote bot, which is called over TLS with a signature.
  expect(out).toContain('412 newsletters wait to be sent');
  // The alarm that came in over HTTP, with a signature.
  expect(out).toContain('Release ends as failure on main of moonfold/shop');
  for (const { name } of bots) expect(out).toMatch(new RegExp(`(^|[ ,])${name}\\b`, 'm'));
}, 120_000);

test('--json has what was found, and the names of the faults', async () => {
  const { code, json } = await start(undefined, ['demo', '--json']).ended;
  expect(code).toBe(0);
  const { faults: planted, findings, executions } = json();
  expect(planted).toEqual(faults.map(({ name }) => name));
  expect(findings.length).toBeGreaterThan(5);
  for (const { status } of executions) expect(status).toBe('success');
}, 120_000);
