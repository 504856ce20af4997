/** The signatures of Standard Webhooks (standardwebhooks.com), as remote bots have them too. */
import { randomUUID } from 'node:crypto';
import { keyOf, maxKeyBytes, minKeyBytes } from '../../ground/secrets/standard-key.ts';
import { isSignedByStandard, standardSignature } from '../../ground/secrets/standard-signature.ts';
import type { SourceKind } from '../reading/kind.ts';
import { headerOf } from '../reading/signature.ts';

const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature'] as const;

/** A header that is longer than this proves nothing. */
const maxHeader = 2_000;

export const signedByStandard: Pick<SourceKind, 'proves' | 'idOf' | 'sign' | 'whyUnusable'> = {
  whyUnusable(value) {
    const key = keyOf(value);
    const bytes = Buffer.from(key, 'base64').length;
    return /^[A-Za-z0-9+/]+={0,2}$/.test(key) && bytes >= minKeyBytes && bytes <= maxKeyBytes
      ? null
      : `it is no key of ${minKeyBytes} to ${maxKeyBytes} bytes, written as whsec_ and base64`;
  },
  proves(arrival, secret, now) {
    const [id, timestamp, signature] = names.map((name) => headerOf(arrival, name));
    return (
      id !== undefined &&
      id.length <= maxHeader &&
      (signature?.length ?? 0) <= maxHeader &&
      isSignedByStandard(
        { id, timestamp: timestamp ?? null, signature: signature ?? null, body: arrival.body },
        [secret],
        now,
      )
    );
  },
  idOf: (arrival) => headerOf(arrival, 'webhook-id') ?? null,
  sign(body, secret, now) {
    const id = `msg_${randomUUID()}`;
    const timestamp = String(Math.floor(now.getTime() / 1_000));
    return {
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': standardSignature(secret, { id, timestamp, body }),
    };
  },
};
