import { randomBytes, randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import {
  BadKeyRingError,
  KeyRing,
  MissingKeyError,
  readKeyRing,
} from '../../src/ground/secrets/key-ring.ts';
import { BrokenSealError, rewrap, seal, unseal } from '../../src/data/javari/sealing.ts';

const [k1, k2] = [randomBytes(32), randomBytes(32)];
const ring = new KeyRing({ current: 'k1', keys: { k1 } });
const both = new KeyRing({ current: 'k2', keys: { k1, k2 } });
const identity = { id: randomUUID(), user_id: randomUUID(), service: 'github' };
const secret = 'ghp_0123456789 \0 日本 "quoted"';
const row = { ...identity, ...seal(ring, identity, secret) };

test('what was sealed opens, and nothing of it can be read', () => {
  expect(unseal(ring, row)).toBe(secret);
  expect(row.encrypted_credentials).toMatch(/^v1\.[\w-]+\.[\w-]+$/);
  expect(row.encryption_key_id).toBe('k1');
  for (const hidden of [secret, k1]) {
    const text = Buffer.from(hidden);
    for (const part of row.encrypted_credentials.split('.'))
      expect(Buffer.from(part, 'base64url').includes(text)).toBe(false);
  }
});

test('the same secret never looks the same: key and nonces are fresh', () => {
  const parts = Array.from({ length: 200 }, () =>
    seal(ring, identity, secret).encrypted_credentials.split('.').slice(1),
  ).flat();
  const nonces = parts.map((part) => part.slice(0, 16));
  expect(new Set(nonces).size).toBe(400);
  expect(new Set(parts.map((part) => part.slice(16))).size).toBe(400);
});

test('a change of any character, or any cut, is noticed', () => {
  const text = row.encrypted_credentials;
  const opens = (encrypted_credentials: string) => {
    try {
      return unseal(ring, { ...row, encrypted_credentials });
    } catch (error) {
      if (error instanceof BrokenSealError) return null;
      throw error;
    }
  };
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/.= \n';
  for (let at = 0; at < text.length; at++) {
    for (const other of at === text.length - 1 ? alphabet : 'AB.')
      if (other !== text[at])
        expect(opens(text.slice(0, at) + other + text.slice(at + 1)), `at ${at}`).toBeNull();
    expect(opens(text.slice(0, at)), `cut at ${at}`).toBeNull();
    expect(opens(text.slice(0, at) + text.slice(at + 1)), `without ${at}`).toBeNull();
  }
  for (const more of ['=', '.', '.AAAA', ' ', 'A', '\n'])
    expect(opens(text + more), JSON.stringify(more)).toBeNull();
});

describe('a sealed text belongs to its row', () => {
  const elsewhere: [string, object][] = [
    ['another user', { user_id: randomUUID() }],
    ['another service', { service: 'gitlab' }],
    ['another id', { id: randomUUID() }],
    ['parts that move over', { service: 'github"', user_id: identity.user_id.slice(0, -1) }],
  ];
  test.each(elsewhere)('%s', (_, change) => {
    expect(() => unseal(ring, { ...row, ...change })).toThrow(BrokenSealError);
    expect(() => rewrap(both, { ...row, ...change })).toThrow(BrokenSealError);
  });

  test('two rows of one user cannot swap halves either', () => {
    const other = { ...identity, id: randomUUID() };
    const [version, wrapped] = row.encrypted_credentials.split('.');
    const data = seal(ring, other, 'other').encrypted_credentials.split('.')[2];
    const mixed = `${version}.${wrapped}.${data}`;
    for (const owner of [identity, other])
      expect(() => unseal(ring, { ...row, ...owner, encrypted_credentials: mixed })).toThrow(
        BrokenSealError,
      );
  });

  test('halves of two texts for one row do not fit: each has a data key of its own', () => {
    const [version, wrapped] = row.encrypted_credentials.split('.');
    const data = seal(ring, identity, secret).encrypted_credentials.split('.')[2];
    const mixed = { ...row, encrypted_credentials: `${version}.${wrapped}.${data}` };
    expect(() => unseal(ring, mixed)).toThrow(BrokenSealError);
  });

  test('another key id is another key, known or not', () => {
    expect(() => unseal(both, { ...row, encryption_key_id: 'k2' })).toThrow(BrokenSealError);
    expect(() => unseal(both, { ...row, encryption_key_id: 'k3' })).toThrow(MissingKeyError);
  });
});

test('rotation wraps the key anew and leaves the sealed data as it is', () => {
  const rotated = { ...row, ...rewrap(both, row) };
  expect(rotated.encryption_key_id).toBe('k2');
  const [, wrappedBefore, dataBefore] = row.encrypted_credentials.split('.');
  const [, wrappedAfter, dataAfter] = rotated.encrypted_credentials.split('.');
  expect(dataAfter).toBe(dataBefore);
  expect(wrappedAfter).not.toBe(wrappedBefore);
  expect(unseal(new KeyRing({ current: 'k2', keys: { k2 } }), rotated)).toBe(secret);
  expect(() => unseal(ring, rotated)).toThrow(MissingKeyError);
});

test('a missing key is told by its id; neither ring nor errors show a key or a secret', () => {
  const missing = { ...row, encryption_key_id: 'lost-key' };
  const errors = [
    () => unseal(ring, missing),
    () => unseal(ring, { ...row, encrypted_credentials: `${row.encrypted_credentials}A` }),
  ].map((fn) => {
    try {
      return fn();
    } catch (error) {
      return error;
    }
  });
  expect(errors[0]).toBeInstanceOf(MissingKeyError);
  expect(errors[0]).toMatchObject({
    encryption_key_id: 'lost-key',
    message: expect.stringContaining('"lost-key"'),
    retryable: false,
  });
  const seen = [ring, both, ...errors]
    .map((it) => inspect(it, { depth: 9, showHidden: true }) + JSON.stringify(it) + String(it))
    .join('\n');
  for (const hidden of [secret, 'ghp_', row.encrypted_credentials])
    expect(seen).not.toContain(hidden);
  for (const key of [k1, k2])
    for (const form of ['base64', 'hex', 'base64url'] as const)
      expect(seen).not.toContain(key.toString(form).slice(0, 8));
  expect(seen).not.toContain([...k1.subarray(0, 4)].join(', '));
});

describe('a key ring is read from id:base64 pairs', () => {
  test('the first is the current one', () => {
    const read = readKeyRing(` k2:${k2.toString('base64')}, k1:${k1.toString('base64url')} `);
    expect([read.current, read.ids]).toEqual(['k2', ['k2', 'k1']]);
    expect(unseal(read, row)).toBe(secret);
  });

  const good = k1.toString('base64');
  const bad: [string, string, string][] = [
    ['nothing', '', 'pair 1'],
    ['no id', good, 'pair 1 has no id'],
    ['an empty id', `:${good}`, 'pair 1 has no id'],
    ['an id with spaces', `a b:${good}`, 'pair 1'],
    ['a long id', `${'k'.repeat(51)}:${good}`, 'pair 1'],
    ['31 bytes', `k1:${good},k2:${k2.subarray(1).toString('base64')}`, 'pair 2 is not 32 bytes'],
    ['33 bytes', `k1:${Buffer.alloc(33, 7).toString('base64')}`, 'pair 1 is not 32 bytes'],
    ['a mistyped character', `k1:${good.slice(0, 5)}!${good.slice(6)}`, 'pair 1'],
    ['a foreign character more', `k1:${good.slice(0, 5)}!${good.slice(5)}`, 'pair 1'],
    ['an id twice', `k1:${good},k1:${k2.toString('base64')}`, 'k1 is given twice'],
    ['a key twice', `k1:${good},k2:${good}`, 'k1 and k2 are the same'],
    ['a trailing comma', `k1:${good},`, 'pair 2'],
    ['a prototype', `__proto__:${good},k1:${k2.subarray(2).toString('base64')}`, 'pair 2'],
  ];
  test.each(bad)('%s is refused, and not repeated', (_, setting, why) => {
    let thrown: unknown;
    try {
      readKeyRing(setting);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(BadKeyRingError);
    expect((thrown as Error).message).toContain(why);
    expect(inspect(thrown)).not.toContain(good.slice(8, 20));
  });

  test('an object is checked as well', () => {
    expect(() => new KeyRing({ current: 'k9', keys: { k1 } })).toThrow('current key is not among');
    expect(() => new KeyRing({ current: 'k1', keys: { k1: Buffer.alloc(16) } })).toThrow(
      '32 bytes',
    );
    expect(() => new KeyRing({ current: '', keys: {} })).toThrow(BadKeyRingError);
  });

  test('a buffer that is emptied afterwards does not empty the ring', () => {
    const key = Buffer.from(k1);
    const own = new KeyRing({ current: 'k1', keys: { k1: key } });
    key.fill(0);
    expect(unseal(own, row)).toBe(secret);
  });
});
