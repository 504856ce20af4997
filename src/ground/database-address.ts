/** Finds parts of a PostgreSQL address that `pg` would misread or ignore. */
import { readFileSync } from 'node:fs';

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
