import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import stringWidth from 'string-width';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { table } from '../../src/cli/terminal/table.ts';
import { widthOf } from '../../src/cli/terminal/width.ts';

let printed = '';
const { isTTY, columns } = process.stdout;

beforeEach(() => {
  printed = '';
  vi.stubEnv('TERM', 'xterm').stubEnv('LC_ALL', 'C.UTF-8');
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += text;
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  Object.assign(process.stdout, { isTTY, columns });
});

const segments = (text: string) =>
  Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment);
const head = ['Id', 'Title', 'Bot', 'Seen'];
const row = (title: string) => ['abcd1234', title, 'night-watch', '5m ago'];
const lines = () => stripVTControlCharacters(printed).trimEnd().split('\n');

test('what is not for a terminal is never cut', () => {
  Object.assign(process.stdout, { isTTY: false, columns: 20 });
  table(head, [row('x'.repeat(300))], 'none', ['Bot']);
  expect(lines()[1]).toBe(`abcd1234  ${'x'.repeat(300)}  night-watch  5m ago`);
});

test('on a terminal a word that no line holds is cut, and no line is longer than the screen', () => {
  Object.assign(process.stdout, { isTTY: true, columns: 60 });
  table(head, [row('x'.repeat(300)), row('short')], 'none');
  expect(lines()[1]).toBe(`abcd1234  ${'x'.repeat(28)}…  night-watch  5m ago`);
  expect(lines()[1]).toHaveLength(60);
});

test('a name is not divided where there is no room for it: each row is a paragraph then', () => {
  Object.assign(process.stdout, { isTTY: true, columns: 40 });
  const names = ['sentinel-api', 'conductor'];
  table(
    ['Bot', 'Next (UTC)', '', 'Schedule'],
    names.map((name) => [name, '2026-11-30 07:30:00', 'in 4m', 'every 5 minutes']),
    'none',
  );
  for (const name of names) expect(lines().some((line) => line.includes(name))).toBe(true);
  for (const line of lines()) expect(line.length).toBeLessThanOrEqual(40);
});

test('a time is not cut where there is no room for it: each row is a paragraph then', () => {
  Object.assign(process.stdout, { isTTY: true, columns: 40 });
  const [day, clock] = ['2026-11-30', '07:30:00'];
  const cells = ['watch', `${day} ${clock}`, `${day} ${clock}`, 'the database does not answer'];
  table(['Bot', 'Slot', 'Started', 'Why'], [cells, cells], 'none');
  const text = lines().join(' ');
  expect(text.split(day)).toHaveLength(5);
  expect(text.split(clock)).toHaveLength(5);
  for (const line of lines()) expect(line.length).toBeLessThanOrEqual(40);
});

test('a mark of what is cut is ASCII where the terminal shows no more, and no line is longer for it', () => {
  vi.stubEnv('LC_ALL', 'C');
  Object.assign(process.stdout, { isTTY: true, columns: 60 });
  table(head, [row('x'.repeat(300)), row('Zürich '.repeat(60))], 'none');
  expect(lines()[1]).toBe(`abcd1234  ${'x'.repeat(26)}...  night-watch  5m ago`);
  for (const line of lines()) expect(line.length).toBeLessThanOrEqual(60);
  expect(lines()[4]).toMatch(/^ {10}Zürich Zürich Zürich ?\.\.\.$/);
});

test('a text of a script without spaces fills its lines, as many as any other', () => {
  Object.assign(process.stdout, { isTTY: true, columns: 60 });
  const title =
    '🔥🔥日本語の部品が壊れています、とても長い題名です。もう一度確認してください、部品は八つあります';
  table(head, [row(title)], 'none');
  const cells = lines()
    .slice(1)
    .map((line) =>
      line
        .slice(10)
        .replace(/ {2}night-watch.*/, '')
        .trimEnd(),
    );
  expect(cells).toHaveLength(3);
  expect(title.startsWith(cells.slice(0, 2).join(''))).toBe(true);
  for (const cell of cells.slice(0, 2)) expect(widthOf(cell)).toBeGreaterThan(26);
  for (const cell of cells) expect(cell).not.toMatch(/^[、。]/);
});

test('a character of double width counts twice', () => {
  Object.assign(process.stdout, { isTTY: true, columns: 60 });
  table(head, [row('日'.repeat(100))], 'none');
  expect(lines()[1]).toMatch(/^abcd1234 {2}日{14} +night-watch {2}5m ago$/);
  expect(lines()[3]).toMatch(/^ {10}日{13,14} ?…$/);
});

test('spare columns go before the text gets short, and stay where there is room', () => {
  Object.assign(process.stdout, { isTTY: true, columns: 55 });
  table(head, [row('x'.repeat(300))], 'none', ['Bot', 'Seen']);
  expect(lines()[0]).toMatch(/^Id +Title +Seen$/);
  printed = '';
  table(head, [row('short')], 'none', ['Bot', 'Seen']);
  expect(lines()[0]).toMatch(/^Id +Title +Bot +Seen$/);
});

test('a text that is too wide is wrapped between words, and no word is broken', () => {
  Object.assign(process.stdout, { isTTY: true, columns: 60 });
  table(head, [row('/v1/pay: 64 of 220 requests answered 5xx'), row('short')], 'none');
  expect(lines()).toEqual([
    'Id        Title                          Bot          Seen',
    'abcd1234  /v1/pay: 64 of 220 requests    night-watch  5m ago',
    '          answered 5xx',
    'abcd1234  short                          night-watch  5m ago',
  ]);
});

test('a path or an id that no line holds goes on after one of its joints', () => {
  Object.assign(process.stdout, { isTTY: true, columns: 60 });
  table(head, [row('/assets/summer/banners/large/2026.webp: 404')], 'none');
  expect(lines().slice(1)).toEqual([
    'abcd1234  /assets/summer/banners/large/  night-watch  5m ago',
    '          2026.webp: 404',
  ]);
});

test('a text of many lines ends in the third one, and says so', () => {
  Object.assign(process.stdout, { isTTY: true, columns: 60 });
  table(head, [row('some words '.repeat(50).trim())], 'none');
  expect(lines()).toHaveLength(4);
  expect(lines()[3]).toMatch(/^ {10}some words some words some …$/);
});

test('a cell in one colour has it on each of its lines', () => {
  Object.assign(process.stdout, { isTTY: true, columns: 60 });
  const [on, off] = ['\u001B[31m', '\u001B[39m'];
  table(head, [row(`${on}${'some words '.repeat(4).trim()}${off}`)], 'none');
  expect(printed.split('\n').slice(1, 3)).toEqual([
    `abcd1234  ${on}some words some words some${off}     night-watch  5m ago`,
    `          ${on}words some words${off}`,
  ]);
});

test('what is measured by its length is as wide as it is measured by its characters', () => {
  const points = Array.from({ length: 0x3000 }, (_, point) => String.fromCodePoint(point));
  for (const point of points.filter((each) => /[^\p{Cc}]/u.test(each)))
    expect([point, widthOf(point)]).toEqual([point, stringWidth(point)]);
});

const emoji = [
  '👨‍👩‍👧',
  '👍🏽',
  '❤️',
  '1️⃣',
  '🇩🇪',
  '日本',
  'ｶﾞ',
  'e\u0301\u0323',
  'नि',
  '한국',
  '🚀',
  '\u1112\u1161\u11AB',
  '/\u0338',
];

test('columns stand under each other, whatever is in them', () => {
  Object.assign(process.stdout, { isTTY: true, columns: 80 });
  table(head, emoji.map(row), 'none');
  const places = lines().map((line) => stringWidth(line.slice(0, line.search(/night|Bot/))));
  expect(new Set(places).size).toBe(1);
});

test.each(['ｶﾞ', '\u1112\u1161\u11AB', '/\u0338', '葛\u{E0100}'])(
  'a line does not end within %s',
  (character) => {
    for (let before = 1; before < 30; before += 1) {
      Object.assign(process.stdout, { isTTY: true, columns: 60 });
      printed = '';
      table(head, [row('a'.repeat(before) + character.repeat(20))], 'none');
      const parts = lines().slice(1).flatMap(segments);
      expect(parts.filter((part) => /[^\p{ASCII}…]|\//u.test(part) && part !== character)).toEqual(
        [],
      );
    }
  },
);

test('no line is too wide, no column is lost and no character is broken, whatever is in the cells', () => {
  const characters = fc.constantFrom(...emoji, 'a', 'é', ' ', ' ', '/', '-', 'words');
  const text = fc.array(characters, { maxLength: 60 }).map((all) => all.join(''));
  const whole = new Set(emoji.flatMap((each) => [...segments(each)]));
  fc.assert(
    fc.property(
      fc.array(text, { minLength: 1 }),
      fc.integer({ min: 50, max: 120 }),
      (titles, columns) => {
        Object.assign(process.stdout, { isTTY: true, columns });
        printed = '';
        table(head, titles.map(row), 'none');
        for (const line of lines()) expect(stringWidth(line)).toBeLessThanOrEqual(columns);
        expect(lines()[0]).toMatch(/^Id +Title +Bot +Seen$/);
        for (const part of segments(lines().slice(1).join('')))
          if (/[^\p{ASCII}é…]/u.test(part)) expect(whole).toContain(part);
      },
    ),
  );
});

test('without rows it says the sentence for that', () => {
  table(head, [], 'Nothing yet.');
  expect(printed).toBe('Nothing yet.\n');
});
