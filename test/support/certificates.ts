/** Makes an authority of a test's own, which issues real certificates, with openssl. */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { installedFromDebian } from './debian.ts';

export const hasOpenssl = installedFromDebian('openssl', () => existsSync('/usr/bin/openssl'));

export interface Issued {
  cert: string;
  key: string;
}

export interface Authority {
  /** the file with the certificate of the authority */
  ca: string;
  /**
   * Issues a certificate for these names (`DNS:localhost`, `IP:127.0.0.1`). It is valid for `days` days from now; with a
   * negative number it ended so many days ago.
   */
  issue(commonName: string, names: string, days?: number): Issued;
}

export function authority(): Authority {
  const directory = mkdtempSync(join(tmpdir(), 'roundsman-certificates-'));
  chmodSync(directory, 0o755);
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const openssl = (...args: string[]) =>
    execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...newKey,
    '-keyout',
    'ca.key',
    '-out',
    'ca.crt',
    '-subj',
    '/CN=test authority',
  );
  let issued = 0;
  return {
    ca: join(directory, 'ca.crt'),
    issue(commonName, names, days = 1) {
      const name = `issued-${(issued += 1)}`;
      const [key, request, cert, extensions] = ['key', 'csr', 'crt', 'ext'].map(
        (kind) => `${name}.${kind}`,
      ) as [string, string, string, string];
      openssl('req', ...newKey, '-keyout', key, '-out', request, '-subj', `/CN=${commonName}`);
      writeFileSync(join(directory, extensions), `subjectAltName=${names}\n`);
      const from = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial'];
      openssl(
        'x509',
        '-req',
        '-in',
        request,
        ...from,
        '-days',
        String(days),
        '-extfile',
        extensions,
        '-out',
        cert,
      );
      return { cert: join(directory, cert), key: join(directory, key) };
    },
  };
}
