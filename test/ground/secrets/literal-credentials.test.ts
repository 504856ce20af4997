/** What looks like a credential in plain text, and what does not. */
import { describe, expect, test } from 'vitest';
import {
  credentialsIn,
  literalCredentials,
  maskCredentials,
} from '../../../src/ground/secrets/literal-credentials.ts';

const found = (text: string) => credentialsIn(text).map(({ from, to }) => text.slice(from, to));

describe('in a text', () => {
  test.each([
    ['Authorization: Bearer abcdef123456', 'abcdef123456'],
    ['password=hunter2', 'hunter2'],
    ['password: hunter2', 'hunter2'],
    ['https://ann:pa55@host/', 'pa55'],
    ['postgres://app:s3cret@db/app', 's3cret'],
    ['https://host/x?token=abc123&y=1', 'abc123'],
    ['{"api_key": "ab cd 12"}', 'ab cd 12'],
    ['{\\"token\\":\\"ab12cd\\"}', 'ab12cd'],
    ['X-Api-Key: k-12345', 'k-12345'],
    ['with ghp_0123456789abcdefABCD', 'ghp_0123456789abcdefABCD'],
    ['with q8Zt4Lr9Xv2Bn7Mw1Kp5Ys3D', 'q8Zt4Lr9Xv2Bn7Mw1Kp5Ys3D'],
    [
      'https://hooks.slack.com/services/T00000000/B000/q8Zt4Lr9Xv2Bn7Mw',
      'T00000000/B000/q8Zt4Lr9Xv2Bn7Mw',
    ],
  ])('%s', (text, credential) => expect(found(text)).toEqual([credential]));

  test.each([
    'Password: see the vault',
    'token={{secret:TOKEN}}',
    'Authorization: Bearer {{secret:TOKEN}}',
    'The token is stored in the vault.',
    'secret: the rotation of keys is described elsewhere',
    'restart the deployment 3f2ced9e-b174-47ea-ae4a-6c651223942f',
    'https://docs.example.com/some-long-path-with-many-words-2024/page',
    'image sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    'Restart it with `systemctl restart cron.service` and watch /var/log/syslog.',
    'npx roundsman bots run sentinel-api --since 2026-11-22',
    '/api/v2/checkout/sessions/expired/2026-11-22T10:00:00Z',
    '',
  ])('none: %s', (text) => expect(found(text)).toEqual([]));
});

describe('in parameters', () => {
  const params = {
    url: 'https://host/x?token=abc123',
    headers: { Authorization: 'Bearer abc', cookie: 'a=b', Accept: 'text/plain' },
    undo: { headers: { 'X-Api-Key': 'k', 'x-auth-token': 'Basic {{secret:TOKEN}}' } },
    list: [{ password: 'hunter2' }, { limit: 5000 }],
  };

  test('by the name of the field, or by what it says', () => {
    expect(literalCredentials(params).map(({ path }) => path.join('.'))).toEqual([
      'url',
      'headers.Authorization',
      'headers.cookie',
      'list.0.password',
    ]);
  });

  test('they are masked, and a second time nothing changes', () => {
    const once = maskCredentials(params);
    expect(once).toMatchObject({
      url: 'https://host/x?token=[redacted]',
      headers: { Authorization: 'Bearer [redacted]', cookie: '[redacted]', Accept: 'text/plain' },
      undo: params.undo,
      list: [{ password: '[redacted]' }, { limit: 5000 }],
    });
    expect(maskCredentials(once)).toEqual(once);
  });
});

test('a hostile text takes little time', () => {
  const parts = [
    'a',
    'token',
    '://',
    'x:y@',
    '-----BEGIN ',
    'password: ',
    'a1',
    'eyJ',
    '\\',
    'sk-',
    '"token":"',
  ];
  const began = performance.now();
  for (const part of parts) credentialsIn(part.repeat(16_384 / part.length));
  expect(performance.now() - began).toBeLessThan(5_000);
});
