/** The catalogue of the bench: one check that costs nothing. A child loads this module. */
import { defineBot, z } from '../../../src/bot.ts';

export const bots = [
  defineBot({
    name: 'trivial',
    displayName: 'Trivial',
    description: 'Passes.',
    schedule: '0 0 1 1 *',
    config: z.looseObject({}),
    checks: [
      {
        name: 'passes',
        title: 'Does it pass?',
        run: async () => ({ examined: ['it'], findings: [] }),
      },
    ],
  }),
];

export const remedies = [];
