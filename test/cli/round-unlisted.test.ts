/** What a round does not call healthy: checks that were skipped, and problems that wait to be confirmed. */
import { stripVTControlCharacters } from 'node:util';
import { afterEach, expect, test, vi } from 'vitest';
import { printRound } from '../../src/cli/round/summary.ts';
import type { Round } from '../../src/services/round/read.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

const run = '5ab0f1f4-5d4e-4c0e-9b6a-31d0c8b0f7aa';
const bot = { id: '8b6df78c-6b8a-4ed3-b844-e7eb9a5d0ae5', name: 'sentinel' };

function printed(checks: unknown, findings: { bot_id: string; check_name: string }[] = []): string {
  let text = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((part) => ((text += String(part)), true));
  const round = {
    executions: [{ id: run, bot_id: bot.id, status: 'success', metadata: { checks } }],
    findings: findings.map((row) => ({ severity: 'low', title: 'odd', ticket: null, ...row })),
    actions: [],
    tickets: [],
    storms: [],
    storms_over: [],
    left_open: 0,
    tickets_left_open: 0,
    now: new Date(),
  } as unknown as Round;
  printRound(round, [bot], null);
  return stripVTControlCharacters(text).replaceAll(/\s+/g, ' ');
}
const well = 'Everything that was checked is as it should be.';

test('a round names the checks that were skipped, and where their reasons are', () => {
  const text = printed([
    { name: 'answers', status: 'skipped', reason: 'no network', findings: 0 },
    { name: 'stubs', status: 'passed', findings: 0 },
  ]);
  expect(text).toContain(
    '1 check was skipped: sentinel answers. Why: npx roundsman runs show 5ab0f1f4',
  );
  expect(text).toContain(well);
  const many = printed(
    ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => ({ name, status: 'skipped', findings: 0 })),
  );
  expect(many).toContain(
    '6 checks were skipped: sentinel a, sentinel b, sentinel c, sentinel d and 2 more.',
  );
  expect(printed([{ name: 'stubs', status: 'passed', findings: 0 }])).not.toContain('skipped');
});

test('a round does not call well what waits to be confirmed', () => {
  const failed = { name: 'answers', status: 'failed', findings: 3 };
  const text = printed([failed]);
  expect(text).not.toContain(well);
  expect(text).toContain('3 problems wait to be confirmed: sentinel answers. Later runs say');
  const one = printed([{ ...failed, findings: 1 }]);
  expect(one).toContain('1 problem waits to be confirmed: sentinel answers.');
  // What another check found does not hide it, and a finding of its own is no longer waited for.
  expect(printed([failed], [{ bot_id: bot.id, check_name: 'stubs' }])).toContain(
    'wait to be confirmed',
  );
  expect(printed([failed], [{ bot_id: bot.id, check_name: 'answers' }])).not.toContain('confirmed');
});

test('what runs of any version have written is printed as far as it is known', () => {
  for (const odd of [
    undefined,
    null,
    7,
    'x',
    [null, 3, {}, { name: 'a' }, { name: 'b', status: 'failed' }],
  ])
    expect(printed(odd)).toContain(well);
});
