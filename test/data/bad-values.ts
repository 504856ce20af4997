/** Values that no field of a kind can take, by kind. What is optional takes undefined, or null as well. */

const nonsense = [5, true, {}, ['a'], 5n, () => 'a', Symbol.iterator];

export const ids = [
  'nope',
  '',
  '\0',
  '{3f2ced9e-b174-47ea-ae4a-6c651223942f}',
  '3f2ced9e-b174-47ea-ae4a-6c651223942f ',
  '3f2ced9e-b174-47ea-ae4a-6c651223942f\n',
  '3f2ced9eb17447eaae4a6c651223942f',
  "3f2ced9e-b174-47ea-ae4a-6c651223942f' OR 1=1 --",
  Number.NaN,
  ...nonsense,
];

export const texts = (most: number): unknown[] => [
  '',
  '\0',
  'a\0b',
  '\uD800',
  'x'.repeat(most + 1),
  '😀'.repeat(most + 1),
  Number.NaN,
  ...nonsense,
];

export const words = [
  'nope',
  '',
  '\0',
  'x'.repeat(300),
  'toString',
  '__proto__',
  ' completed',
  'Active',
  ...nonsense,
];

/** Neither whole nor within what INTEGER holds. */
export const numbers = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  1.5,
  2 ** 31,
  -(2 ** 31) - 1,
  2 ** 53,
  1e308,
  '5',
  '\0',
  true,
  5n,
  {},
  [5],
];

export const times = [
  new Date(Number.NaN),
  new Date(8.64e15),
  new Date(-8.64e15),
  // PostgreSQL's times end at 294276, a Date before that; both begin to differ before 4713 BC.
  new Date('-004714-01-01T00:00:00Z'),
  new Date('-000001-01-01T00:00:00Z'),
  new Date('+010000-01-01T00:00:00Z'),
  Object.create(Date.prototype) as Date,
  '2026-01-01',
  '\0',
  'infinity',
  Number.POSITIVE_INFINITY,
  ...nonsense,
];

export const flags = [0, 1, 'true', '\0', {}, 5n];

function nested(levels: number): object {
  let inner: object = {};
  for (let level = 0; level < levels; level++) inner = { inner };
  return inner;
}

function circle(): object {
  const list: unknown[] = [];
  list.push({ list });
  return { list };
}

/** Small in memory, 2^60 leaves as text. */
function swelling(): object {
  let part: object = {};
  for (let level = 0; level < 60; level++) part = { a: part, b: part };
  return part;
}

const throws = (): never => {
  throw new Error('of theirs');
};

export const documents: unknown[] = [
  null,
  5,
  'x',
  [],
  new Date(),
  new Map(),
  () => 1,
  new URL('https://theirs.test'),
  circle(),
  nested(5_000),
  nested(101),
  swelling(),
  { long: 'x'.repeat(70_000) },
  { many: Array(1e9) },
  { text: 'a\0b' },
  { '\0': 1 },
  { half: '\uD800' },
  { '\uDC00': 1 },
  { number: Number.NaN },
  { number: Number.POSITIVE_INFINITY },
  { list: [-Infinity] },
  { list: [undefined] },
  { at: new Date(Number.NaN) },
  { call: () => 1 },
  { symbol: Symbol.iterator },
  { map: new Map() },
  { toJSON: () => undefined },
  { toJSON: throws },
  {
    get it() {
      return throws();
    },
  },
  new Proxy({}, { ownKeys: throws }),
  new Proxy({}, { getPrototypeOf: throws }),
];

/** Cursors that no page gave. */
const cursor = (text: string) => Buffer.from(text).toString('base64url');
const id = '3f2ced9e-b174-47ea-ae4a-6c651223942f';
export const cursors = [
  '',
  'x',
  '\0',
  cursor(`0000-01-01T00:00:00.000000Z ${id}`),
  cursor(`2026-02-31T00:00:00.000000Z ${id}`),
  cursor(`2026-13-01T00:00:00.000000Z ${id}`),
  cursor(`2016-12-31T23:59:60.000000Z ${id}`),
  cursor(`312026-01-01T00:00:00.000000Z ${id}`),
  cursor(`+infinity ${id}`),
  cursor(`2026-01-01T00:00:00.000000Z ${'0'.repeat(36)}`),
  cursor(`2026-01-01T00:00:00.000000Z' OR 1=1 ${id}`),
  null,
  ...nonsense,
];

export const addresses = [
  '',
  'x',
  '\0',
  '1.2.3',
  '1.2.3.4/24',
  '256.1.1.1',
  'fe80::1%eth0',
  '1::2::3',
  ...nonsense,
];
