import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { testDatabase } from '../support/database.ts';
import { killAgainAndAgain } from './kills.ts';
import { receiver } from './scene.ts';

/** More of them: node test/notify/kills-full.ts 1000. */
const kills = 15;

test(
  'whenever the worker is killed, no message is lost, and each repeat is counted and says that it is one',
  { timeout: 240_000 },
  async () => {
    const { host, received } = await receiver(() => sleep(Math.random() * 20));
    const killed = await killAgainAndAgain(await testDatabase(), { host, received }, { kills });
    expect(killed).toMatchObject({
      kills,
      lost: [],
      unexplained: [],
      unmarked: [],
      uncounted: [],
    });
    expect(killed.between, 'kills that hit a message').toBeGreaterThan(0);
  },
);
