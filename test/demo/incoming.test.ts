/** The alarm of the demo: the listener takes it with its own secret, and with no other. */
import { randomBytes } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { storeSealed } from '../../src/data/secrets/rows.ts';
import { plantSource, sourceSecretName } from '../../src/demo/incoming/plant.ts';
import { sendFailedBuild } from '../../src/demo/incoming/send.ts';
import { readKeyRing } from '../../src/ground/secrets/key-ring.ts';
import { listen } from '../../src/web/listen.ts';
import { testDatabase } from '../support/database.ts';

test('the delivery is proven by its signature, and says that a workflow failed', async () => {
  const { db } = await testDatabase();
  const keys = readKeyRing(`k1:${randomBytes(32).toString('base64')}`);
  const secret = randomBytes(32).toString('hex');
  await storeSealed(db, keys, { name: sourceSecretName, value: secret, actor: 'demo' });
  const { name } = await plantSource(db);
  const listener = await listen({
    host: '127.0.0.1',
    port: 0,
    database: () => db,
    sources: { keys, variable: () => undefined },
    emit: () => {},
  });
  onTestFinished(() => listener.close(0));
  const url = `http://127.0.0.1:${listener.port}/in/${name}`;
  const inbox = () => db.selectFrom('engine.inbox').selectAll().execute();

  await expect(sendFailedBuild(url, `${secret}0`)).rejects.toThrow('answered 401');
  expect(await inbox()).toEqual([]);
  await sendFailedBuild(url, secret);
  expect(await inbox()).toMatchObject([
    {
      event: 'workflow_run.completed',
      secret: sourceSecretName,
      ignored: null,
      alarms: [{ state: 'firing', component: 'moonfold/shop' }],
    },
  ]);
});
