import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { burstMs, joinBursts } from '../../../src/cli/screen/join-bursts.ts';
import { conclude, decode, emptyDecoder, type Input } from '../../../src/cli/screen/keys.ts';
import { edit, promptOf } from '../../../src/cli/screen/prompt.ts';
import { hostileTexts } from '../../support/hostile-texts.ts';

/**
 * What chunks mean, each of which came at once; null: then nothing came for a while; `pause`: nothing came for a while
 * after each of them.
 */
function read(chunks: (string | null)[], pause = false): Input[] {
  let decoder = emptyDecoder;
  return chunks.flatMap((chunk) => {
    if (chunk === null) {
      const ended = conclude(decoder);
      ({ decoder } = ended);
      return ended.inputs;
    }
    const one = decode(decoder, chunk);
    const end = pause ? conclude(one.decoder) : { decoder: one.decoder, inputs: [] };
    decoder = end.decoder;
    return [...one.inputs, ...end.inputs];
  });
}

const key = (text: string): Input => ({ kind: 'key', text });

test('one key alone is a key', () => {
  for (const [sent, means] of [
    ['a', 'a'],
    ['é', 'é'],
    ['👨‍👩‍👧', '👨‍👩‍👧'],
    ['\r', 'enter'],
    ['\u007F', 'backspace'],
    ['\u001B[A', 'up'],
    ['\u001BOB', 'down'],
    ['\u001B[6~', 'page down'],
  ] as const)
    expect(read([sent])).toEqual([key(means)]);
  expect(read(['\u001B'])).toEqual([]);
  expect(read(['\u001B'], true)).toEqual([key('escape')]);
  expect(read(['\u001B', 'a'], true)).toEqual([key('escape'), key('a')]);
});

test('several bytes at once are never a key, whatever they are', () => {
  const several = fc
    .oneof(
      fc.string({ unit: 'binary', minLength: 2 }),
      fc.constantFrom('aa', 'a\r', '\ry', 'y\u001B', ...hostileTexts),
    )
    .filter((text) => !/^\P{Cc}$/u.test(text) && text.length > 1);
  const sequences = new Set(
    'ABCDHF'.split('').flatMap((end) => [`\u001B[${end}`, `\u001BO${end}`]),
  );
  fc.assert(
    fc.property(several, (text) => {
      fc.pre(!sequences.has(text) && !/^.\[[134567]~$/.test(text));
      fc.pre([...new Intl.Segmenter().segment(text)].length > 1 || /\p{Cc}/u.test(text));
      expect(read([text]).filter(({ kind }) => kind === 'key')).toEqual([]);
    }),
    { numRuns: 500 },
  );
});

test('a sequence that comes in parts is the key that it is, and the marks of a paste are found wherever it is cut', () => {
  const pasted = fc
    .oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...hostileTexts))
    .filter((text) => !text.includes('\u001B[201~'));
  fc.assert(
    fc.property(pasted, fc.array(fc.nat(200), { maxLength: 6 }), (text, cuts) => {
      const whole = `\u001B[200~${text}\u001B[201~`;
      const at = [
        0,
        ...cuts.map((cut) => cut % whole.length).toSorted((a, b) => a - b),
        whole.length,
      ];
      const chunks = at
        .slice(1)
        .map((to, index) => whole.slice(at[index], to))
        .filter(Boolean);
      // Ctrl-C that comes alone ends a paste, on purpose.
      fc.pre(!chunks.includes('\u0003'));
      const inputs = read(chunks);
      expect(inputs.filter(({ kind }) => kind === 'key')).toEqual([]);
      expect(inputs.filter(({ kind }) => kind === 'paste')).toEqual([{ kind: 'paste', text }]);
    }),
    { numRuns: 500 },
  );
  expect(read(['\u001B', '[', 'A'])).toEqual([key('up')]);
});

test('what begins a sequence at the end of a burst is a part of it, and no key later', () => {
  expect(read(['ab\u001B'], true)).toEqual([{ kind: 'text', text: 'ab' }]);
  expect(read(['a\u001B', '[A']).filter(({ kind }) => kind === 'key')).toEqual([]);
  expect(read(['a\u001B', '[A', 'q'])).toContainEqual(key('q'));
});

test('the rest of a sequence that a slow line divides is no key, however late it comes', () => {
  for (const begun of ['\u001BO', '\u001B[', '\u001B[1;'])
    expect(read([begun, null, 't', 'q'])).toEqual([{ kind: 'text', text: 't' }, key('q')]);
  expect(read(['\u001B', null, 't'])).toEqual([key('escape'), key('t')]);
});

test('Ctrl-C ends a paste whose end never comes', () => {
  expect(read(['\u001B[200~abc', null, 'q', null, '\u0003', 'q'])).toEqual([
    { kind: 'paste', text: 'abcq' },
    key('interrupt'),
    key('q'),
  ]);
});

test('what stands beside a paste came with it, and is no key', () => {
  expect(read(['a\u001B[200~b\u001B[201~y'])).toEqual([
    { kind: 'text', text: 'a' },
    { kind: 'paste', text: 'b' },
    { kind: 'text', text: 'y' },
  ]);
});

test('keys that come closer together than a person presses them came at once', () => {
  vi.useFakeTimers();
  try {
    const given: string[] = [];
    const keys = joinBursts(
      (chunk) => given.push(chunk),
      () => {},
    );
    keys.push('a');
    vi.advanceTimersByTime(burstMs - 5);
    keys.push('y');
    vi.advanceTimersByTime(burstMs);
    keys.push('b');
    vi.advanceTimersByTime(burstMs);
    expect(given).toEqual(['ay', 'b']);
    keys.stop();
  } finally {
    vi.useRealTimers();
  }
});

test('a prompt takes text, by characters, and control characters never', () => {
  const typed = (inputs: Input[], isProse = false) =>
    inputs.reduce(
      (prompt, input) => {
        const edited = edit(prompt, input);
        return typeof edited === 'string' ? prompt : edited.prompt;
      },
      promptOf('', isProse),
    );
  expect(
    typed([key('a'), key('👨‍👩‍👧'), key('left'), key('b'), key('end'), key('backspace')]).text,
  ).toBe('ab');
  expect(typed([{ kind: 'paste', text: 'one\r\ntwo' }]).text).toBe('one two');
  expect(typed([{ kind: 'paste', text: 'one\r\ntwo' }], true).text).toBe('one\ntwo');
  expect(typed([key('a'), { kind: 'text', text: 'bc\r' }]).text).toBe('abc ');
  expect(typed([key('up'), key('page down')]).text).toBe('');
  expect(edit(promptOf('x', false), { kind: 'text', text: '\r' })).not.toBe('entered');
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...hostileTexts)),
      (text) => {
        const { text: kept, at } = typed([{ kind: 'paste', text }], true);
        expect(kept).not.toMatch(/(?!\n)\p{Cc}/u);
        expect(at).toBe(kept.length);
      },
    ),
  );
});
