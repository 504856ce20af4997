/** The keys with which messages are signed. */
import { expect, test } from 'vitest';
import { webhook } from '../../src/notify/channels/webhook.ts';
import { contextOf } from './context.ts';
import { receiver } from './scene.ts';
import { ticketMessage } from './scenes.ts';
import { key } from './webhook-key.ts';

async function signedWith(secret: string) {
  const { received, url, host } = await receiver();
  const config = webhook.config.parse({ url, secret });
  const delivery = await webhook.deliver(ticketMessage(), contextOf<any>({ host, config }));
  return { delivery, received };
}

const of = (bytes: number): string => `whsec_${Buffer.alloc(bytes, 7).toString('base64')}`;

test.each(['whsec_', 'whsec_YQ==', 'YQ==', of(1), of(16), of(23), 'whsec_ !!', 'v1,whsec_YWFh'])(
  'a secret that is no key, or a short one, signs nothing: %j',
  async (secret) => {
    const { delivery, received } = await signedWith(secret);
    expect(delivery).toMatchObject({ sent: false, final: 'channel', why: expect.any(String) });
    expect(JSON.stringify(delivery)).not.toContain('YQ==');
    expect(received).toEqual([]);
  },
);

test('a key signs, also without its prefix and with the line end of a file', async () => {
  for (const secret of [key, key.slice('whsec_'.length), `${key}\n`]) {
    const { delivery, received } = await signedWith(secret);
    expect(delivery).toEqual({ sent: true, reference: null });
    // The receiver of tests refuses a signature that is not by this key.
    expect(received).toHaveLength(1);
  }
});
