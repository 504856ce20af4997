import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { table } from '../../src/cli/terminal/table.ts';

let printed = '';
const { isTTY, columns } = process.stdout;

beforeEach(() => {
  printed = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += text;
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  Object.assign(process.stdout, { isTTY, columns });
});

const head = ['Id', 'Title', 'Bot', 'Seen'];
const row = (title: string) => ['abcd1234', title, 'night-watch', '5m ago'];
const lines = () => stripVTControlCharacters(printed).trimEnd().split('\n');

test('what is not for a terminal is never cut', () => {
  Object.assign(process.stdout, { isTTY: false, columns: 20 });
  table(head, [row('x'.repeat(300))], 'none', ['Bot']);
  expect(lines()[1]).toBe(`abcd1234  ${'x'.repeat(300)}  night-watch  5m ago`);
});

test('on a terminal the widest column is cut, and no line is longer than the screen', () => {
  Object.assign(process.stdout, { isTTY: true, columns: 60 });
  table(head, [row('x'.repeat(300)), row('short')], 'none');
  expect(lines()[1]).toBe(`abcd1234  ${'x'.repeat(28)}…  night-watch  5m ago`);
  expect(lines()[1]).toHaveLength(60);
});

test('a character of double width counts twice', () => {
  Object.assign(process.stdout, { isTTY: true, columns: 60 });
  table(head, [row('日'.repeat(100))], 'none');
  expect(lines()[1]).toMatch(/^abcd1234 {2}日{14}… {2}night-watch {2}5m ago$/);
});

test('spare columns go before the text gets short, and stay where there is room', () => {
  Object.assign(process.stdout, { isTTY: true, columns: 60 });
  table(head, [row('x'.repeat(300))], 'none', ['Bot', 'Seen']);
  expect(lines()[0]).toMatch(/^Id +Title +Seen$/);
  printed = '';
  table(head, [row('short')], 'none', ['Bot', 'Seen']);
  expect(lines()[0]).toMatch(/^Id +Title +Bot +Seen$/);
});

test('without rows it says the sentence for that', () => {
  table(head, [], 'Nothing yet.');
  expect(printed).toBe('Nothing yet.\n');
});
