/** `sources` as a person uses it: with `up`, which listens as soon as there is a source. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { storeSealed } from '../../src/data/secrets/rows.ts';
import { readKeyRing } from '../../src/ground/secrets/key-ring.ts';
import { migrateQueue } from '../../src/queue/backend.ts';
import { testDatabase } from '../support/database.ts';
import { install, roundsman } from '../support/installation.ts';
import { signingKey } from '../sources/key.ts';

const checkout = install('slow-bots.ts');

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

test('a bot whose source another one reads is refused with that bot, however it would come to it', async () => {
  const { db, url } = await testDatabase();
  const ring = `k1:${randomBytes(32).toString('base64')}`;
  await storeSealed(db, readKeyRing(ring), { name: 'IN_KEY', value: signingKey, actor: 'ann' });
  const command = async (...args: string[]) => {
    const { ended, heard } = roundsman(
      checkout,
      { DATABASE_URL: url, ROUNDSMAN_KEYS: ring },
      ...args,
    );
    return { code: await ended, ...heard };
  };
  const add = ['sources', 'add', 'alarms', '--kind', 'plain', '--secret', 'IN_KEY'];
  expect(await command(...add)).toMatchObject({ code: 0 });
  expect(await command('bots', 'rename', 'alarms', 'first')).toMatchObject({ code: 0 });
  const taken = {
    code: 1,
    err: expect.stringContaining('first reads the source of in:alarms already'),
  };
  expect(await command(...add)).toMatchObject(taken);
  const other = ['bots', 'add', 'other', '--schedule', '@hourly', '--endpoint'];
  expect(await command(...other, 'in:alarms')).toMatchObject(taken);
  expect(await command(...other, 'in:other')).toMatchObject({ code: 0 });
  expect(await command('bots', 'edit', 'other', '--endpoint', 'in:alarms')).toMatchObject(taken);
  expect(await command('bots', 'remove', 'first', '--yes')).toMatchObject({ code: 0 });
  expect(await command(...add)).toMatchObject({ code: 0 });
  expect(await command('bots', 'enable', 'first')).toMatchObject({
    code: 1,
    err: expect.stringContaining('alarms reads the source of in:alarms already'),
  });
  expect(await command('secrets', 'remove', 'IN_KEY', '--yes')).toMatchObject({ code: 0 });
  expect((await command('doctor')).out).toContain('alarms (the secret IN_KEY is not stored)');
}, 120_000);

test('a source is added, tested through `up`, shown, and its secret rotated', async () => {
  const { db, url } = await testDatabase();
  await migrateQueue(url);
  const ring = `k1:${randomBytes(32).toString('base64')}`;
  const second = `whsec_${randomBytes(32).toString('base64')}`;
  for (const [name, value] of [
    ['IN_KEY', signingKey],
    ['NEXT_KEY', second],
  ] as const)
    await storeSealed(db, readKeyRing(ring), { name, value, actor: 'ann' });
  const settings = {
    DATABASE_URL: url,
    ROUNDSMAN_KEYS: ring,
    ROUNDSMAN_WEB_PORT: String(await freePort()),
  };
  const command = async (...args: string[]) => {
    const { ended, heard } = roundsman(checkout, settings, ...args);
    return { code: await ended, ...heard };
  };

  const missing = await command('sources', 'add', 'alarms', '--kind', 'plain', '--secret', 'NONE');
  expect(missing).toMatchObject({
    code: 3,
    err: expect.stringContaining('there is no secret NONE'),
  });
  const unfit = await command('sources', 'add', 'A b', '--kind', 'plain', '--secret', 'IN_KEY');
  expect(unfit).toMatchObject({ code: 2, err: expect.stringContaining('a part of an address') });
  const added = await command('sources', 'add', 'alarms', '--kind', 'plain', '--secret', 'IN_KEY');
  expect(added.out).toContain(`http://127.0.0.1:${settings.ROUNDSMAN_WEB_PORT}/in/alarms`);
  expect(
    await command('sources', 'add', 'alarms', '--kind', 'plain', '--secret', 'IN_KEY'),
  ).toMatchObject({ code: 1 });

  const nobody = await command('sources', 'test', 'alarms');
  expect(nobody).toMatchObject({ code: 1, out: expect.stringContaining('ECONNREFUSED') });

  const up = roundsman(checkout, settings, 'up');
  await expect
    .poll(
      () =>
        fetch(`http://127.0.0.1:${settings.ROUNDSMAN_WEB_PORT}/health`).then(
          ({ status }) => status,
          () => 0,
        ),
      { timeout: 30_000 },
    )
    .toBe(200);
  const tested = await command('sources', 'test', 'alarms', '--json');
  expect(JSON.parse(tested.out)).toMatchObject({ name: 'alarms', ok: true });
  expect(tested.code).toBe(0);
  expect(
    await db
      .selectFrom('bot_findings')
      .select('id')
      .where('check_name', '=', 'deliveries')
      .execute(),
  ).toEqual([]);

  const rotated = await command('sources', 'rotate', 'alarms', '--secret', 'NEXT_KEY');
  expect(rotated.out).toContain('proven by NEXT_KEY, IN_KEY');
  expect(rotated.out).toContain('sources rotate alarms --drop IN_KEY');
  const dropped = await command('sources', 'rotate', 'alarms', '--drop', 'IN_KEY', '--json');
  expect(JSON.parse(dropped.out)).toEqual({ name: 'alarms', secrets: ['NEXT_KEY'] });
  expect(await command('sources', 'rotate', 'alarms', '--drop', 'NEXT_KEY')).toMatchObject({
    code: 2,
    err: expect.stringContaining('the only one'),
  });
  // Within two seconds the listener knows the new secret.
  await expect
    .poll(async () => (await command('sources', 'test', 'alarms')).code, { timeout: 40_000 })
    .toBe(0);
  const shown = JSON.parse((await command('sources', 'show', 'alarms', '--json')).out);
  expect(shown).toMatchObject({
    name: 'alarms',
    kind: 'plain',
    problem: null,
    unread: 0,
    secrets: ['NEXT_KEY'],
  });
  expect(shown.newest[0]).toMatchObject({ secret: 'NEXT_KEY', resolved: 1, firing: 0, read: true });
  expect((await command('sources', 'show', 'alarms')).out).toContain(
    'by NEXT_KEY: 0 firing, 1 resolved',
  );
  const listed = JSON.parse((await command('sources', 'list', '--json')).out);
  expect(JSON.stringify(listed)).toContain('"kind":"plain"');
  expect(await command('sources', 'show', 'alrams')).toMatchObject({
    code: 3,
    err: expect.stringContaining('alarms'),
  });
  up.child.kill('SIGTERM');
  expect(await up.ended).toBe(0);
  for (const text of [up.heard.out, up.heard.err, added.out, tested.out, JSON.stringify(shown)])
    expect(text).not.toContain(signingKey.slice(10));
}, 120_000);
