/** A catalogue that the tables would not take is refused when a process starts. */
import { expect, test } from 'vitest';
import { z, type Bot } from '../../src/bot.ts';
import { BadCatalogueError, catalogueOf } from '../../src/catalogue/catalogue.ts';

const bot = (name: string, knowledge: string[] = []): Bot => ({
  name,
  displayName: name,
  description: 'Watches nothing.',
  schedule: '@hourly',
  config: z.object({}),
  checks: [],
  knowledge: knowledge.map((seed) => ({
    name: seed,
    category: 'test',
    pattern: 'nothing',
    solution: 'Look at it.',
    autonomy: 'shadow',
  })),
});

test.each(['Watch', 'night watch', 'über', '-watch', '', 'a'.repeat(101)])(
  'a bot, or knowledge, called %j is named',
  (name) => {
    for (const bots of [[bot(name)], [bot('watch', [name])]]) {
      expect(() => catalogueOf(bots, [])).toThrow(BadCatalogueError);
      expect(() => catalogueOf(bots, [])).toThrow(JSON.stringify(name));
    }
  },
);

test('names that the tables take are taken', () => {
  expect(catalogueOf([bot('a'.repeat(50), ['disk.full-2'])], []).bots).toHaveLength(1);
});

test.each([0, 21, 1.5, NaN])('a bot that confirms or clears %d times is named', (count) => {
  for (const field of ['confirm', 'clear'])
    expect(() => catalogueOf([{ ...bot('watch'), [field]: count }], [])).toThrow(
      `the bot watch: ${field} has to be a whole number from 1 to 20`,
    );
  expect(catalogueOf([{ ...bot('watch'), confirm: 1, clear: 20 }], []).bots).toHaveLength(1);
});

test('a bot that ships paused needs no tables: with them it would be enabled', () => {
  const shipsPaused = 'set it up first';
  expect(catalogueOf([{ ...bot('watch'), shipsPaused }], []).bots).toHaveLength(1);
  expect(() => catalogueOf([{ ...bot('watch'), shipsPaused, needs: ['credits'] }], [])).toThrow(
    'the bot watch ships paused and needs tables',
  );
});
