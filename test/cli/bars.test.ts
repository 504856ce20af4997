/** Bars and lines of time: what they say for any values, in any width. */
import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, test, vi } from 'vitest';
import { outcomeBar, runBar, sparkline } from '../../src/cli/terminal/bars.ts';
import { hasUnicode, signsOn } from '../../src/cli/terminal/signs.ts';
import { timeline, type Phase } from '../../src/cli/terminal/timeline.ts';

const isAscii = (text: string) => /^[\x20-\x7E]*$/.test(text);
const value = fc.oneof(
  fc.constant(null),
  fc.integer({ min: 0, max: 2_147_483_647 }),
  fc.double({ noNaN: false }),
);
const ramps = { true: '▁▂▃▄▅▆▇█', false: '_:-=+*%#' };

describe('a sparkline', () => {
  test('has one column for each value, says what is not known, and keeps the order of the others', () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 40 }), fc.boolean(), (values, isUnicode) => {
        const line = sparkline(values, isUnicode);
        expect([...line]).toHaveLength(values.length);
        expect(stringWidth(line)).toBe(values.length);
        if (!isUnicode) expect(isAscii(line)).toBe(true);
        const ramp = ramps[`${isUnicode}`];
        const heights = values.map((each, at) => {
          const isKnown = each !== null && Number.isFinite(each) && each >= 0;
          if (!isKnown) expect(line[at]).toBe('?');
          if (isKnown && each === 0) expect(line[at]).toBe(isUnicode ? '·' : '.');
          if (isKnown && each > 0) expect(ramp).toContain(line[at]);
          return isKnown ? { each, height: ramp.indexOf(line[at]!) } : null;
        });
        const known = heights.filter((each) => each !== null);
        for (const one of known)
          for (const other of known)
            if (one.each > other.each) expect(one.height).toBeGreaterThanOrEqual(other.height);
        const greatest = Math.max(0, ...known.map(({ each }) => each));
        for (const { each, height } of known)
          if (each > 0 && each === greatest) expect(height).toBe(ramp.length - 1);
      }),
    );
  });

  test('of nothing is nothing, and one value is as high as can be', () => {
    expect(sparkline([], true)).toBe('');
    expect(sparkline([5], true)).toBe('█');
    expect(sparkline([0, 0], false)).toBe('..');
    expect(sparkline([1, 4, 8], true)).toBe('▁▄█');
  });
});

test('a bar of runs says by letters what did not succeed, and by height how long the others took', () => {
  const run = (status: string, execution_time_ms: number | null = 10) => ({
    status,
    execution_time_ms,
  });
  const runs = [
    run('success', 10),
    run('failed'),
    run('timeout'),
    run('cancelled'),
    run('running', null),
    run('success', 80),
  ];
  expect(runBar(runs, true)).toBe('▁xtc>█');
  expect(runBar(runs, false)).toBe('_xtc>#');
  expect(runBar([run('success', null)], true)).toBe('?');
  expect(runBar([run('success', 0)], true)).toBe('█');
  expect(outcomeBar(['held', 'relapsed', 'failed', 'new word'])).toBe('+-x?');
});

test('only a locale of UTF-8 and no dumb terminal gets more than ASCII', () => {
  expect(hasUnicode({ LANG: 'de_DE.UTF-8' })).toBe(true);
  expect(hasUnicode({ LANG: 'C.utf8' })).toBe(true);
  expect(hasUnicode({ LANG: 'de_DE.UTF-8', LC_ALL: 'C' })).toBe(false);
  expect(hasUnicode({ LANG: 'de_DE.UTF-8', LC_CTYPE: 'de_DE@euro' })).toBe(false);
  expect(hasUnicode({ LANG: 'de_DE.UTF-8', LC_ALL: '' })).toBe(true);
  expect(hasUnicode({})).toBe(false);
  expect(hasUnicode({ LANG: 'en_US.UTF-8', TERM: 'dumb' })).toBe(false);
});

describe('a line of time', () => {
  const at = fc.oneof(fc.constant(null), fc.integer({ min: 0, max: 4_000_000_000_000 }));
  const phase: fc.Arbitrary<Phase> = fc
    .tuple(fc.constantFrom('queued', 'checked', 'recorded', 'ended'), at, at)
    .map(([name, from, until]) => ({ name, from, until }));

  test('has a line for each phase, none wider than there is room, and one of nothing known has no bar', () => {
    fc.assert(
      fc.property(
        fc.array(phase, { maxLength: 8 }),
        fc.integer({ min: 40, max: 300 }),
        fc.boolean(),
        (phases, columns, isUnicode) => {
          const lines = timeline(phases, columns, isUnicode);
          const isKnown = phases.some(({ from, until }) => from !== null || until !== null);
          expect(lines).toHaveLength(isKnown ? phases.length : 0);
          for (const [index, line] of lines.entries()) {
            const { from, until } = phases[index]!;
            expect(stringWidth(line)).toBeLessThanOrEqual(columns);
            if (!isUnicode) expect(isAscii(line)).toBe(true);
            const hasBar = /[█▏#|]/.test(line);
            if (from === null) expect(line).toContain('unknown');
            expect(hasBar).toBe(from !== null || until !== null);
          }
        },
      ),
    );
  });

  test('shows what came after what, and how long it took', () => {
    const phases = [
      { name: 'queued', from: 0, until: 1_000 },
      { name: 'checked', from: 1_000, until: 3_000 },
      { name: 'recorded', from: null, until: null },
      { name: 'ended', from: 4_000, until: 4_000 },
    ];
    expect(timeline(phases, 60, true)).toEqual([
      `queued    ${'█'.repeat(10)}${'·'.repeat(31)}  1.0 s`,
      `checked   ${'·'.repeat(10)}${'█'.repeat(20)}${'·'.repeat(11)}  2.0 s`,
      `recorded  ${' '.repeat(41)}  unknown`,
      `ended     ${'·'.repeat(40)}▏`,
    ]);
    expect(timeline(phases, 60, false)[1]).toBe(
      `checked   ${'.'.repeat(10)}${'#'.repeat(20)}${'.'.repeat(11)}  2.0 s`,
    );
    expect(timeline(phases, 24, true)).toEqual([
      'queued    1.0 s',
      'checked   2.0 s',
      'recorded  unknown',
      'ended',
    ]);
  });
});

test('a pipe has all signs, and a terminal those that its locale allows', () => {
  const on = (isTTY: boolean, LC_ALL: string) => {
    vi.stubEnv('TERM', 'xterm').stubEnv('LC_ALL', LC_ALL);
    const { ellipsis } = signsOn({ isTTY } as NodeJS.WriteStream);
    vi.unstubAllEnvs();
    return ellipsis;
  };
  expect(on(true, 'C')).toBe('...');
  expect(on(true, 'POSIX')).toBe('...');
  expect(on(true, 'C.UTF-8')).toBe('…');
  expect(on(false, 'C')).toBe('…');
});
