import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { KeyRing } from '../../src/ground/secrets/key-ring.ts';
import { openCredential, storeCredential } from '../../src/data/javari/credentials.ts';
import { testDatabase } from '../support/database.ts';
import { addUser } from './people.ts';

const ring = new KeyRing({ current: 'k', keys: { k: randomBytes(32) } });

test('a credential that is opened was used, not changed; one that is stored again was', async () => {
  const { db } = await testDatabase();
  const owned = { user_id: await addUser(db), service: 'github' };
  const store = (secret: string) =>
    db.transaction().execute((trx) => storeCredential(trx, ring, { ...owned, secret }));
  const row = () =>
    db
      .selectFrom('javari_credentials')
      .select(['updated_at', 'last_used_at'])
      .executeTakeFirstOrThrow();
  await store('fig');
  const stored = await row();
  await openCredential(db, ring, owned);
  const opened = await row();
  expect(opened.last_used_at).not.toBe(null);
  expect(opened.updated_at).toEqual(stored.updated_at);
  await store('date');
  expect((await row()).updated_at!.getTime()).toBeGreaterThan(stored.updated_at!.getTime());
});
