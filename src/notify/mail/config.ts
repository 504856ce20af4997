/** What the settings say about a mail channel. */
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { z } from 'zod';

const label = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** A host name as SMTP and certificates write it; null for a text that is not a host name. */
export function asciiHost(host: string): string | null {
  // `domainToASCII` drops line ends and invisible characters without an error.
  if (/[\s\p{Cc}\p{Cf}]/u.test(host)) return null;
  const ascii = domainToASCII(host).replace(/\.$/, '');
  const isName =
    ascii.length <= 253 && isIP(ascii) === 0 && ascii.split('.').every((part) => label.test(part));
  return isName ? ascii : null;
}

const local = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;

/** `ops@example.com`, with its domain as SMTP writes it; null for a text that is not such an address. */
export function asciiAddress(address: string): string | null {
  const at = address.lastIndexOf('@');
  const name = address.slice(0, Math.max(at, 0));
  const domain = asciiHost(address.slice(at + 1));
  return at > 0 && name.length <= 64 && local.test(name) && domain !== null
    ? `${name}@${domain}`
    : null;
}

const address = z
  .string()
  .max(320)
  .refine(
    (text) => asciiAddress(text) !== null,
    'has to be an address and nothing else: ops@example.com',
  );

const isDotted = (host: string): boolean => asciiHost(host)?.includes('.') ?? false;

const isLoopback = (host: string): boolean => /^(localhost|127(\.\d+){3}|::1)$/.test(host);

export const emailConfig = z
  .strictObject({
    host: z
      .string()
      .refine(
        (host) => isIP(host) !== 0 || asciiHost(host) !== null,
        'has to be the name of a host',
      )
      .describe('the mail server that takes the messages'),
    port: z.int().min(1).max(65_535).describe('mostly 465 for tls, 587 for starttls'),
    security: z
      .enum(['tls', 'starttls', 'none'])
      .default('tls')
      .describe('tls from the first byte, starttls before anything else, or none'),
    helo: z
      .string()
      .refine((host) => isDotted(host), 'has to be a whole name: bots.example.com')
      .optional()
      .describe('how this machine names itself to the server (EHLO)'),
    user: z.string().min(1).max(500).optional(),
    password: z
      .string()
      .min(1)
      .max(2_000)
      .optional()
      .describe("'{{secret:SMTP_PASSWORD}}', with user"),
    from: address,
    to: z.array(address).min(1).max(50),
  })
  .refine(({ user, password }) => (user === undefined) === (password === undefined), {
    message: 'user and password have to be given together',
    path: ['password'],
  })
  .refine(
    ({ security, host, password }) =>
      security !== 'none' || password === undefined || isLoopback(host),
    {
      message:
        'none would send the password unencrypted: use tls or starttls, except to this machine',
      path: ['security'],
    },
  );

export type EmailConfig = z.output<typeof emailConfig>;
