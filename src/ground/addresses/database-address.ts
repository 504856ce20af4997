/** Finds parts of a PostgreSQL address that `pg` would misread or ignore. */
import { readFileSync } from 'node:fs';
import { problemOfHosts } from './database-hosts.ts';

export const sslmodes = [
  'disable',
  'prefer',
  'require',
  'verify-ca',
  'verify-full',
  'no-verify',
] as const;

/** The parameters that name a file, and what the file has to contain. A file that cannot be read is reported elsewhere. */
const files = [
  ['sslrootcert', 'certificate', /-----BEGIN ((X509|TRUSTED) )?CERTIFICATE-----/],
  ['sslcert', 'certificate', /-----BEGIN ((X509|TRUSTED) )?CERTIFICATE-----/],
  ['sslkey', 'private key', /-----BEGIN ([A-Z]+ )?PRIVATE KEY-----/],
] as const;

/**
 * Why the address cannot be used and what to do; null when nothing is wrong. The text contains no secret of the
 * address.
 */
export function problemOf(address: string): { why: string; hint: string } | null {
  const { searchParams } = new URL(address);
  const mode = searchParams
    .getAll('sslmode')
    .find((each) => each !== '' && !sslmodes.some((known) => known === each));
  if (mode !== undefined)
    return {
      why: `sslmode=${mode} does not exist`,
      hint: `give one of ${sslmodes.join(', ')} (only no-verify does not check which server answers)`,
    };
  const host = problemOfHosts(address);
  if (host !== null)
    return { why: host, hint: 'write several servers as postgres://user@one:5432,two:5432/name' };
  const wanted = searchParams.get('target_session_attrs');
  if (wanted && !['read-write', 'primary', 'any'].includes(wanted))
    return {
      why: `target_session_attrs=${wanted} asks for a server that may take no writes`,
      hint: 'leave it out, or write read-write: Roundsman looks for the server that takes writes',
    };
  for (const [name, what, form] of files)
    for (const path of searchParams.getAll(name).filter(Boolean)) {
      const text = read(path);
      if (text !== null && !form.test(text))
        return {
          why: `${path}, which ${name} names, contains no ${what}`,
          hint: `let ${name} name a PEM file, with a line -----BEGIN ${what.toUpperCase()}-----; openssl converts a DER file (-inform der)`,
        };
    }
  return null;
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return null;
  }
}
