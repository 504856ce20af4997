/** What the settings say of a channel by mail. */
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { z } from 'zod';

const label = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** As it is written in SMTP and in certificates; null for what is no name of a host. */
export function asciiHost(host: string): string | null {
  // domainToASCII leaves out line ends and what is not drawn.
  if (/[\s\p{Cc}\p{Cf}]/u.test(host)) return null;
  const ascii = domainToASCII(host).replace(/\.$/, '');
  const isName =
    ascii.length <= 253 && isIP(ascii) === 0 && ascii.split('.').every((part) => label.test(part));
  return isName ? ascii : null;
}

const local = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;

/** `ops@example.com`, with its domain as SMTP has it; null for what is no such address. */
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
  .refine((text) => asciiAddress(text) !== null, 'is an address alone: ops@example.com');

const isDotted = (host: string): boolean => asciiHost(host)?.includes('.') ?? false;

const isLoopback = (host: string): boolean => /^(localhost|127(\.\d+){3}|::1)$/.test(host);

export const emailConfig = z
  .strictObject({
    host: z
      .string()
      .refine((host) => isIP(host) !== 0 || asciiHost(host) !== null, 'is the name of a host')
      .describe('the mail server that takes the messages'),
    port: z.int().min(1).max(65_535).describe('mostly 465 for tls, 587 for starttls'),
    security: z
      .enum(['tls', 'starttls', 'none'])
      .default('tls')
      .describe('tls from the first byte, starttls before anything else, or none'),
    helo: z
      .string()
      .refine((host) => isDotted(host), 'is a whole name: bots.example.com')
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
    message: 'user and password come together',
    path: ['password'],
  })
  .refine(
    ({ security, host, password }) =>
      security !== 'none' || password === undefined || isLoopback(host),
    {
      message: 'none would send the password in clear: tls or starttls, but for this machine',
      path: ['security'],
    },
  );

export type EmailConfig = z.output<typeof emailConfig>;
