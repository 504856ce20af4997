/** Makes an authority of a test's own, which issues real certificates, with openssl. */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import tls from 'node:tls';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atEnd } from './at-end.ts';
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
  /** Issues a certificate that is valid between two times, of the past or the future, too. */
  issueBetween(commonName: string, names: string, from: Date, to: Date): Issued;
  /** An authority below this one, which began `age` days ago and has `days` left; its `ca` is the certificate that a server has to send along. */
  below(
    days?: number,
    age?: number,
  ): Pick<Authority, 'ca' | 'issue'> & {
    /** A further certificate of the same name and key, which this authority signs; without days a root of its own. */
    again(days?: number): string;
  };
  /** A certificate that no authority has issued. */
  selfSigned(commonName: string, names: string): Issued;
}

/** A time as OpenSSL reads it: `20260301120000Z`. */
const asOpenssl = (at: Date): string => `${at.toISOString().replaceAll(/[-:T]|\..*/g, '')}Z`;

/** For `openssl ca`, the only command of OpenSSL 3.0 that takes the times of a certificate. */
const settings = `[ca]
default_ca = own
[own]
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
unique_subject = no
policy = any
[any]
commonName = supplied
`;

export function authority(): Authority {
  const directory = mkdtempSync(join(tmpdir(), 'roundsman-certificates-'));
  chmodSync(directory, 0o755);
  atEnd(() => rmSync(directory, { recursive: true, force: true }));
  const openssl = (...args: (string | string[])[]) =>
    execFileSync('openssl', args.flat(), { cwd: directory, stdio: 'pipe' });
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
  writeFileSync(join(directory, 'index.txt'), '');
  writeFileSync(join(directory, 'ca.cnf'), settings);

  /** A new key, a request for it, and the file in which its extensions stand. */
  const requested = (commonName: string, extension: string) => {
    const name = `issued-${(issued += 1)}`;
    const [key, request, cert, extensions] = ['key', 'csr', 'crt', 'ext'].map(
      (kind) => `${name}.${kind}`,
    ) as [string, string, string, string];
    openssl('req', ...newKey, '-keyout', key, '-out', request, '-subj', `/CN=${commonName}`);
    writeFileSync(join(directory, extensions), `${extension}\n`);
    return { key, request, cert, extensions };
  };
  const inDirectory = ({ cert, key }: Issued): Issued => ({
    cert: join(directory, cert),
    key: join(directory, key),
  });
  /** `from`: the authority's own files, without their endings. */
  const sign = (from: string, commonName: string, extension: string, days: number): Issued => {
    const { key, request, cert, extensions } = requested(commonName, extension);
    openssl(
      ['x509', '-req', '-in', request, '-CA', `${from}.crt`, '-CAkey', `${from}.key`],
      ['-CAcreateserial', '-days', String(days), '-extfile', extensions, '-out', cert],
    );
    return { cert, key };
  };

  const signBetween = (commonName: string, extension: string, begin: Date, end: Date): Issued => {
    const { key, request, cert, extensions } = requested(commonName, extension);
    openssl(
      ['ca', '-batch', '-notext', '-config', 'ca.cnf', '-cert', 'ca.crt', '-keyfile', 'ca.key'],
      ['-startdate', asOpenssl(begin), '-enddate', asOpenssl(end)],
      ['-in', request, '-extfile', extensions, '-out', cert],
    );
    return { cert, key };
  };

  return {
    ca: join(directory, 'ca.crt'),
    issue: (commonName, names, days = 1) =>
      inDirectory(sign('ca', commonName, `subjectAltName=${names}`, days)),
    issueBetween: (commonName, names, from, to) =>
      inDirectory(signBetween(commonName, `subjectAltName=${names}`, from, to)),
    below(ownDays = 365, age = 0) {
      const isAuthority = 'basicConstraints=critical,CA:TRUE';
      const [begin, end] = [-age, ownDays].map((days) => new Date(Date.now() + days * 86_400_000));
      const { cert } = signBetween('authority below', isAuthority, begin!, end!);
      const from = cert.replace(/\.crt$/, '');
      return {
        again(days) {
          const other = `issued-${(issued += 1)}.crt`;
          openssl(
            ['x509', '-req', '-in', `${from}.csr`, '-extfile', `${from}.ext`, '-out', other],
            days === undefined
              ? ['-signkey', `${from}.key`, '-days', '3650']
              : ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-days', String(days), '-CAcreateserial'],
          );
          return join(directory, other);
        },
        ca: join(directory, cert),
        issue: (commonName, names, days = 1) =>
          inDirectory(sign(from, commonName, `subjectAltName=${names}`, days)),
      };
    },
    selfSigned(commonName, names) {
      const name = `issued-${(issued += 1)}`;
      const made = { cert: `${name}.crt`, key: `${name}.key` };
      openssl(
        ['req', '-x509', ...newKey, '-days', '90', '-subj', `/CN=${commonName}`],
        ['-addext', `subjectAltName=${names}`, '-keyout', made.key, '-out', made.cert],
      );
      return inDirectory(made);
    },
  };
}

let ofNode: string[] | undefined;
const trusted = new Set<string>();

const trustAll = () => tls.setDefaultCACertificates([...ofNode!, ...trusted]);

/** Has this process trust an authority, beside others, until the test ends. */
export function trust({ ca }: Pick<Authority, 'ca'>): void {
  ofNode ??= tls.getCACertificates('default');
  const certificate = readFileSync(ca, 'utf8');
  trusted.add(certificate);
  trustAll();
  atEnd(() => {
    trusted.delete(certificate);
    trustAll();
  });
}
