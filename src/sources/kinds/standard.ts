/** The signatures of Standard Webhooks (standardwebhooks.com), by its own library. */
import { randomUUID } from 'node:crypto';
import { keyOf, maxKeyBytes, minKeyBytes } from '../../ground/secrets/standard-key.ts';
import type { SourceKind } from '../reading/kind.ts';
import { headerOf, isRecent } from '../reading/signature.ts';

const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature'] as const;

export const signedByStandard: Pick<SourceKind, 'proves' | 'idOf' | 'sign' | 'whyUnusable'> = {
  whyUnusable(value) {
    const key = keyOf(value);
    const bytes = Buffer.from(key, 'base64').length;
    return /^[A-Za-z0-9+/]+={0,2}$/.test(key) && bytes >= minKeyBytes && bytes <= maxKeyBytes
      ? null
      : `it is no key of ${minKeyBytes} to ${maxKeyBytes} bytes, written as whsec_ and base64`;
  },
  async proves(arrival, secret, now) {
    const headers: Record<string, string> = {};
    for (const name of names) {
      const value = headerOf(arrival, name);
      if (value === undefined || value.length > 2_000) return false;
      headers[name] = value;
    }
    if (!isRecent(headers['webhook-timestamp']!, now)) return false;
    const { Webhook } = await import('standardwebhooks');
    try {
      new Webhook(secret).verify(arrival.body, headers);
      return true;
    } catch (error) {
      // The library reads the JSON once the signature is right.
      return error instanceof SyntaxError;
    }
  },
  idOf: (arrival) => headerOf(arrival, 'webhook-id') ?? null,
  async sign(body, secret, now) {
    const { Webhook } = await import('standardwebhooks');
    const id = `msg_${randomUUID()}`;
    return {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
      'webhook-signature': new Webhook(secret).sign(id, now, body),
    };
  },
};
