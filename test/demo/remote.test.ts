/** The route that the demo's remote bot calls: its certificate is one for TLS, and it answers signed calls alone. */
import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { Agent, fetch } from 'undici';
import { expect, onTestFinished, test } from 'vitest';
import { certificateOfLoopback } from '../../src/demo/remote/certificate.ts';
import { startRemoteRoute } from '../../src/demo/remote/server.ts';
import { signedAnswer } from '../../src/remote/answer.ts';

async function aRoute() {
  const route = await startRemoteRoute();
  onTestFinished(() => route.stop());
  const asks = (headers: Record<string, string>, ca: string | undefined) => {
    const dispatcher = new Agent({ connect: ca === undefined ? {} : { ca } });
    onTestFinished(() => dispatcher.destroy());
    return fetch(route.url, { method: 'POST', headers, body: '{}', dispatcher });
  };
  const signedWith = (secret: string) => ({
    'webhook-id': 'a',
    'webhook-timestamp': String(Math.floor(Date.now() / 1_000)),
    'webhook-signature': new Webhook(secret).sign('a', new Date(), '{}'),
  });
  return { route, ca: readFileSync(route.ca, 'utf8'), asks, signedWith };
}

test('it answers a signed call in the shape of the contract, and no other', async () => {
  const { route, ca, asks, signedWith } = await aRoute();
  const answer = await asks(signedWith(route.secret), ca);
  expect(answer.status).toBe(200);
  expect(signedAnswer.parse(await answer.json()).checks).toHaveLength(1);
  const other = signedWith(`whsec_${Buffer.alloc(32).toString('base64')}`);
  for (const headers of [{}, other]) expect((await asks(headers, ca)).status).toBe(401);
});

test('its certificate is trusted by those alone who are given it', async () => {
  const { route, ca, asks, signedWith } = await aRoute();
  await expect(asks(signedWith(route.secret), undefined)).rejects.toThrow();
  // Another one for the same address, by the same name.
  const other = certificateOfLoopback(new Date(), 1).cert;
  await expect(asks(signedWith(route.secret), other)).rejects.toThrow();
  expect(statSync(dirname(route.ca)).mode & 0o077).toBe(0);
  expect(readFileSync(route.ca, 'utf8')).not.toContain('PRIVATE KEY');
  expect(ca).toContain('BEGIN CERTIFICATE');
});

test('the certificate is for 127.0.0.1 and for the time that was asked for', () => {
  const now = new Date('2027-03-04T05:06:07Z');
  const { cert, key } = certificateOfLoopback(now, 2);
  const read = new X509Certificate(cert);
  expect(read.checkIP('127.0.0.1')).toBe('127.0.0.1');
  expect(read.checkIP('127.0.0.2')).toBeUndefined();
  expect(read.checkHost('localhost')).toBeUndefined();
  expect(read.verify(read.publicKey)).toBe(true);
  expect(new Date(read.validTo)).toEqual(new Date('2027-03-04T07:06:07Z'));
  expect(key).toContain('BEGIN PRIVATE KEY');
  expect(new X509Certificate(certificateOfLoopback(now, 2).cert).serialNumber).not.toBe(
    read.serialNumber,
  );
});
