/** The catalogue of a copied checkout: a bot that is quick, and some that take their time. */
import { execSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { defineBot, z, type Check } from '../../src/bot.ts';

const bot = (name: string, run: Check<unknown>['run']) =>
  defineBot({
    name,
    displayName: name,
    description: name,
    schedule: '0 0 1 1 *',
    timeoutSeconds: 120,
    config: z.looseObject({}),
    checks: [{ name: 'is-well', title: 'Is it well?', run }],
  });

const clean = { examined: ['x'], findings: [] };

export const bots = [
  bot('quick', async () => clean),
  bot('two-seconds', async () => {
    await sleep(2_000);
    return clean;
  }),
  bot('endless', async () => {
    execSync('exec sleep 100');
    return clean;
  }),
];
export const remedies = [];
