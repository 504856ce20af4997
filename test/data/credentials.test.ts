import { randomBytes, randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import { sql } from 'kysely';
import { beforeAll, describe, expect, test } from 'vitest';
import { AccessDeniedError } from '../../src/database/faults/access-denied.ts';
import { asService, asUser } from '../../src/database/as-user.ts';
import { BadInputError } from '../../src/database/faults/bad-input.ts';
import type { Db } from '../../src/database/connect.ts';
import {
  credentialKeys,
  NoCredentialError,
  openCredential,
  rotateCredentials,
  storeCredential,
} from '../../src/data/javari/credentials.ts';
import { KeyRing, MissingKeyError } from '../../src/ground/secrets/key-ring.ts';
import { BrokenSealError } from '../../src/data/javari/sealing.ts';
import { testDatabase } from '../support/database.ts';
import { addUser } from './people.ts';

const [k1, k2, k3] = [randomBytes(32), randomBytes(32), randomBytes(32)];
const ring = new KeyRing({ current: 'k1', keys: { k1 } });
const both = new KeyRing({ current: 'k2', keys: { k1, k2 } });

let db: Db;
let user_id: string;
beforeAll(async () => {
  ({ db } = await testDatabase());
});

const store = (service: string, secret: string, keys = ring) =>
  db.transaction().execute((trx) => storeCredential(trx, keys, { user_id, service, secret }));
const rotate = (keys = both, options: { after?: string | null; limit?: number } = {}) =>
  db.transaction().execute((trx) => rotateCredentials(trx, keys, options));
const rows = () =>
  db
    .selectFrom('javari_credentials')
    .selectAll()
    .where('user_id', '=', user_id)
    .orderBy('id')
    .execute();
const ofService = async (service: string) => (await rows()).find((row) => row.service === service)!;
const write = (id: string, encrypted_credentials: string) =>
  db
    .updateTable('javari_credentials')
    .set({ encrypted_credentials })
    .where('id', '=', id)
    .execute();

describe('one credential', () => {
  beforeAll(async () => {
    user_id = await addUser(db);
  });

  test('is stored sealed, opens for its owner and service, and notes its use', async () => {
    const id = await store('github', 'ghp_secret');
    const stored = await ofService('github');
    expect(stored).toMatchObject({ id, encryption_key_id: 'k1', last_used_at: null });
    expect(JSON.stringify(stored)).not.toContain('ghp_secret');

    const credential = await openCredential(db, ring, { user_id, service: 'github' });
    expect(credential.reveal()).toBe('ghp_secret');
    expect(credential).toMatchObject({ id, user_id, service: 'github' });
    const { last_used_at, encrypted_credentials } = await ofService('github');
    expect(Date.now() - last_used_at!.getTime()).toBeLessThan(60_000);
    expect(encrypted_credentials).toBe(stored.encrypted_credentials);
    const seen = inspect(credential, { showHidden: true, depth: 9 }) + JSON.stringify(credential);
    expect(seen + String(credential) + Object.values(credential).join()).not.toContain('ghp_');
  });

  test('is replaced in its row, under the same id, and the old text is gone', async () => {
    const before = await ofService('github');
    expect(await store('github', 'ghp_other')).toBe(before.id);
    const after = await ofService('github');
    expect(after.encrypted_credentials).not.toBe(before.encrypted_credentials);
    expect(after.last_used_at).toBeNull();
    expect((await openCredential(db, ring, { user_id, service: 'github' })).reveal()).toBe(
      'ghp_other',
    );
  });

  test('stored by many at once is one row that opens', async () => {
    const secrets = Array.from({ length: 12 }, (_, index) => `secret ${index}`);
    const ids = await Promise.all(secrets.map((secret) => store('vercel', secret)));
    expect(new Set(ids).size).toBe(1);
    const { user_id: owner, service } = await ofService('vercel');
    const credential = await openCredential(db, ring, { user_id: owner!, service });
    expect(secrets).toContain(credential.reveal());
  });

  test('is work of the platform: a user can neither read nor write what is sealed', async () => {
    const given = { user_id, service: 'figma' };
    await asService(db, (trx) => storeCredential(trx, ring, { ...given, secret: 'fig' }));
    const opened = await asService(db, (trx) => openCredential(trx, ring, given));
    expect(opened.reveal()).toBe('fig');
    expect((await asService(db, (trx) => rotateCredentials(trx, ring))).rewrapped).toBe(0);
    const me = { sub: user_id };
    await expect(asUser(db, me, (trx) => openCredential(trx, ring, given))).rejects.toThrow(
      AccessDeniedError,
    );
    const stored = asUser(db, me, (trx) => storeCredential(trx, ring, { ...given, secret: 'x' }));
    await expect(stored).rejects.toThrow(AccessDeniedError);
  });

  test('of another user or service is not there', async () => {
    const other = openCredential(db, ring, { user_id: randomUUID(), service: 'github' });
    await expect(other).rejects.toThrow(NoCredentialError);
    const service = openCredential(db, ring, { user_id, service: 'GitHub' });
    await expect(service).rejects.toThrow('none for GitHub');
  });

  test('swapped with another row in the table opens neither', async () => {
    await store('one', 'first');
    await store('two', 'second');
    const [one, two] = [await ofService('one'), await ofService('two')];
    await write(one.id, two.encrypted_credentials);
    await write(two.id, one.encrypted_credentials);
    for (const service of ['one', 'two'])
      await expect(openCredential(db, ring, { user_id, service })).rejects.toThrow(BrokenSealError);
    expect((await ofService('one')).last_used_at).toBeNull();
  });

  test('whose key is missing stays closed, unused and unchanged', async () => {
    await store('aws', 'AKIA');
    const before = await ofService('aws');
    const without = new KeyRing({ current: 'k3', keys: { k3 } });
    const opened = openCredential(db, without, { user_id, service: 'aws' });
    await expect(opened).rejects.toThrow(MissingKeyError);
    await expect(opened).rejects.toMatchObject({ encryption_key_id: 'k1' });
    expect(await rotate(without)).toEqual({ rewrapped: 0, broken: [], next: null });
    expect(await ofService('aws')).toEqual(before);
  });
});

describe('rotation', () => {
  beforeAll(async () => {
    await sql`DELETE FROM javari_credentials`.execute(db);
    user_id = await addUser(db);
    for (let n = 0; n < 25; n++) await store(`service ${n}`, `secret ${n}`);
  });
  const secrets = async (keys: KeyRing) =>
    Promise.all(
      (await rows()).map(async ({ service }) =>
        (await openCredential(db, keys, { user_id, service })).reveal(),
      ),
    );
  const data = async () =>
    (await rows()).map((row) => row.encrypted_credentials.split('.').slice(2).join());

  test('goes by batches, and one that was interrupted leaves whole batches', async () => {
    const before = { rows: await rows(), data: await data() };
    const first = await rotate(both, { limit: 10 });
    expect(first).toEqual({ rewrapped: 10, broken: [], next: before.rows[9]!.id });
    const fails = db.transaction().execute(async (trx) => {
      await rotateCredentials(trx, both, { limit: 10, after: first.next });
      throw new Error('killed');
    });
    await expect(fails).rejects.toThrow('killed');
    expect(await credentialKeys(db)).toEqual(
      new Map([
        ['k1', 15],
        ['k2', 10],
      ]),
    );
    // Another process begins anew and does only what is left.
    expect(await rotate(both)).toEqual({ rewrapped: 15, broken: [], next: null });
    expect(await rotate(both)).toEqual({ rewrapped: 0, broken: [], next: null });
    expect(await data()).toEqual(before.data);
    expect((await rows()).map((row) => row.encryption_key_id)).toEqual(Array(25).fill('k2'));
    const only = new KeyRing({ current: 'k2', keys: { k2 } });
    expect((await secrets(only)).toSorted()).toEqual(
      Array.from({ length: 25 }, (_, n) => `secret ${n}`).toSorted(),
    );
  });

  test('by several at once, while others store and open, loses nothing', async () => {
    const next = new KeyRing({ current: 'k3', keys: { k1, k2, k3 } });
    const whole = async () => {
      let after: string | null = null;
      do ({ next: after } = await rotate(next, { after, limit: 3 }));
      while (after);
    };
    const others = Array.from({ length: 20 }, async (_, n) => {
      await store(`service ${n}`, `secret ${n}`, n % 2 ? next : both);
      await openCredential(db, next, { user_id, service: `service ${n}` });
    });
    await Promise.all([whole(), whole(), whole(), ...others]);
    // Those that were stored under the old key behind the rotation's back.
    await whole();
    expect(await credentialKeys(db)).toEqual(new Map([['k3', 25]]));
    expect((await secrets(new KeyRing({ current: 'k3', keys: { k3 } }))).length).toBe(25);
  });

  test('waits for a secret that is being stored, and keeps that one', async () => {
    const back = new KeyRing({ current: 'k2', keys: { k2, k3 } });
    const old = new KeyRing({ current: 'k3', keys: { k3 } });
    const given = { user_id, service: 'service 0' };
    let rotation: Promise<unknown> = Promise.resolve();
    await db.transaction().execute(async (trx) => {
      await storeCredential(trx, old, { ...given, secret: 'newer' });
      rotation = rotate(back);
      const blocked = sql<{ n: number }>`
        SELECT count(*)::int AS n FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'`;
      while ((await blocked.execute(db)).rows[0]!.n === 0);
    });
    await rotation;
    expect((await ofService('service 0')).encryption_key_id).toBe('k2');
    expect((await openCredential(db, back, given)).reveal()).toBe('newer');
    await rotate(new KeyRing({ current: 'k3', keys: { k2, k3 } }));
  });

  test('goes past rows that do not open and tells which they are', async () => {
    const all = await rows();
    await write(all[1]!.id, all[2]!.encrypted_credentials);
    const back = new KeyRing({ current: 'k1', keys: { k1, k3 } });
    const left = await ofService(all[1]!.service);
    expect(await rotate(back, { limit: 2 })).toEqual({
      rewrapped: 1,
      broken: [all[1]!.id],
      next: all[1]!.id,
    });
    expect(await rotate(back, { after: all[1]!.id })).toMatchObject({ rewrapped: 23, broken: [] });
    expect(await ofService(all[1]!.service)).toEqual(left);
  });
});

describe('bad input is named and leaves nothing behind', () => {
  beforeAll(async () => {
    user_id = await addUser(db);
  });
  const bad: [string, object][] = [
    ['user_id', { user_id: '42' }],
    ['service', { service: '' }],
    ['service', { service: 'x'.repeat(51) }],
    ['service', { service: 'git\0hub' }],
    ['service', { service: '\uDC00' }],
    ['secret', { secret: '' }],
    ['secret', { secret: 'x'.repeat(65_537) }],
    ['secret', { secret: 'half \uD83D' }],
    ['secret', { secret: undefined }],
  ];
  test.each(bad)('%s (%#)', async (field, change) => {
    const given = { user_id, service: 'github', secret: 'hush-hush', ...change };
    const done = db.transaction().execute((trx) => storeCredential(trx, ring, given));
    await expect(done).rejects.toThrow(BadInputError);
    await expect(done).rejects.toMatchObject({ field });
    await done.catch((error: unknown) => expect(inspect(error)).not.toContain('hush'));
    expect(await rows()).toEqual([]);
  });

  test('50 characters of any script fit, and a user who does not exist is refused', async () => {
    await store('😀'.repeat(50), 'x');
    const nobody = db
      .transaction()
      .execute((trx) =>
        storeCredential(trx, ring, { user_id: randomUUID(), service: 's', secret: 'hush-hush' }),
      );
    await expect(nobody).rejects.toThrow('user_id');
    await nobody.catch((error: unknown) => expect(inspect(error)).not.toContain('hush'));
    await expect(rotate(both, { limit: 0 })).rejects.toMatchObject({ field: 'limit' });
    await expect(rotate(both, { after: 'x' })).rejects.toMatchObject({ field: 'after' });
  });
});
