/** Remote bots whose servers hang, and the places of a worker that they must leave to others. */
import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { storeSealed } from '../../src/data/secrets/rows.ts';
import { readKeyRing } from '../../src/ground/secrets/key-ring.ts';
import { maxRemote } from '../../src/run/remote-places.ts';
import { insertBot } from '../cli/rows.ts';
import { backends } from '../support/backends.ts';
import { aBot, catalogue, clean } from '../support/builders.ts';
import { startFlow } from '../support/engine.ts';
import { queuedRun, rowOf } from '../support/runs.ts';
import { calm, serveTrusted, signingSecret } from './scene.ts';

const hanging = 8;

test.each([
  [1, 1],
  [2, 1],
  [4, 3],
  [10, 7],
  [100, 70],
])('of %i places remote runs may take %i', (places, most) => expect(maxRemote(places)).toBe(most));

test.each(backends)(
  'remote bots that hang leave a place to others, wait without using up attempts, and run when there is room (queue on $name)',
  { timeout: 60_000 },
  async (backend) => {
    const asked: ServerResponse[] = [];
    let mayAnswer = false;
    const answer = (response: ServerResponse) => response.end(JSON.stringify(calm));
    const served = await serveTrusted((_, response) => {
      asked.push(response);
      if (mayAnswer) answer(response);
    });
    const keys = readKeyRing(`k1:${randomBytes(32).toString('base64')}`);
    const { db, queue } = await startFlow(
      backend,
      catalogue([aBot('here', async () => clean('nothing'))]),
      { roles: ['worker'], concurrency: 4, sources: { keys, variable: () => undefined } },
    );
    await storeSealed(db, keys, { name: 'BOT_KEY', value: signingSecret, actor: 'ann' });
    await sql`INSERT INTO engine.settings (key, value) VALUES ('http_hosts', ${JSON.stringify([served.host])}::jsonb)`.execute(
      db,
    );
    const ids: string[] = [];
    for (let i = 0; i < hanging; i++) {
      await insertBot(db, `remote-${i}`, {
        api_endpoint: `${served.url}/${i}`,
        schedule_cron: '0 0 1 1 *',
        config: { secrets: ['BOT_KEY'] },
      });
      ids.push(await queuedRun(db, `remote-${i}`));
    }
    await queue.add(ids.map((id) => ({ id, generation: 1 })));
    await expect.poll(() => asked.length, { timeout: 20_000 }).toBe(3);

    const here = await queuedRun(db, 'here');
    await queue.add([{ id: here, generation: 1 }]);
    await expect
      .poll(async () => (await rowOf(db, here)).status, { timeout: 20_000 })
      .toBe('success');
    expect(asked).toHaveLength(3);

    mayAnswer = true;
    asked.forEach(answer);
    const ends = async () =>
      (await Promise.all(ids.map((id) => rowOf(db, id)))).map(
        ({ status, attempt }) => `${status} ${attempt}`,
      );
    await expect.poll(ends, { timeout: 30_000 }).toEqual(ids.map(() => 'success 1'));
  },
);
