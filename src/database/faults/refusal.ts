/** Explains why a connection was refused, by the server or by TLS. These refusals do not end by waiting. */
import { tlsFaultOf, type TlsFault } from '../../ground/certificate.ts';
import { messageOf, type Explanation } from '../../ground/errors.ts';
import { stateOf } from './sql-states.ts';

const certificates: Record<TlsFault, Omit<Explanation, 'why'>> = {
  untrusted: {
    what: 'the certificate of the database is not trusted',
    hint: 'let sslrootcert name the certificate of the authority that issued it (your provider publishes it): sslmode=verify-full&sslrootcert=/path/to/ca.crt in DATABASE_URL; if sslrootcert is set already, it names another authority (sslmode=no-verify encrypts, but does not check which server answers)',
  },
  expired: {
    what: 'the certificate of the database is not valid now',
    hint: 'renew it on the server, and check the clocks of both machines',
  },
  'other-name': {
    what: 'the certificate of the database was issued for another name',
    hint: 'let DATABASE_URL name the host as its certificate does (sslmode=no-verify does not check which server answers)',
  },
  'no-tls': {
    what: 'the database does not speak TLS',
    hint: 'take sslmode out of DATABASE_URL, or write sslmode=disable; or switch ssl on in postgresql.conf',
  },
  'wants-certificate': {
    what: 'the database wants a certificate of its clients',
    hint: 'write sslcert=/path/to/client.crt&sslkey=/path/to/client.key&sslmode=verify-full into DATABASE_URL',
  },
};

const explainCertificate = (kind: TlsFault, why: string): Explanation => ({
  ...certificates[kind],
  why,
});

const refusalBecause = (why: string, hint: string): Explanation => ({
  what: 'the database refuses the login',
  why,
  hint,
});

const withTls =
  'add sslmode=verify-full to DATABASE_URL, and sslrootcert=/path/to/ca.crt if the authority is not a public one';

/**
 * Refusals that are recognised by a part of the message, because the code says too little or is missing: messages of pg,
 * of PostgreSQL, and of poolers about the address.
 */
const byMessage: [RegExp, (why: string) => Explanation][] = [
  [
    /client password must be/,
    () =>
      refusalBecause(
        'it wants a password, and none was given',
        'write DATABASE_URL as postgres://user:password@host/name',
      ),
  ],
  [
    /unsupported startup parameter/,
    (why) => ({
      what: 'a pooler in front of the database refuses the options in DATABASE_URL',
      why,
      hint: 'take `options` out of DATABASE_URL (ALTER ROLE ... SET does the same), or let it name PostgreSQL itself',
    }),
  ],
  [
    /server does not support SSL|error establishing an SSL connection/,
    (why) => explainCertificate('no-tls', why),
  ],
  [/requires a valid client certificate/, (why) => explainCertificate('wants-certificate', why)],
  [
    /no encryption|SSL off|(SSL|TLS) connection is required|connection is insecure|(requires|must use) (SSL|TLS)/i,
    (why) => ({ what: 'the database accepts only connections over TLS', why, hint: withTls }),
  ],
  [
    /Tenant or user not found/,
    (why) =>
      refusalBecause(
        why,
        "correct the user in DATABASE_URL: behind Supabase's pooler it is postgres.<project>, and the host is the one of its region",
      ),
  ],
];

/** Refusals that are recognised by their SQLSTATE, which is the key. */
const byCode: Record<string, (why: string) => Explanation> = {
  '3D000': (why) => ({
    what: 'there is no such database on this server',
    why,
    hint: 'correct the name at the end of DATABASE_URL, or make the database with `createdb`',
  }),
  '28P01': (why) => refusalBecause(why, 'correct the user or the password in DATABASE_URL'),
  '28000': (why) =>
    refusalBecause(
      why,
      'correct the user in DATABASE_URL, or allow the login: CREATE ROLE, and a line in pg_hba.conf; if the server demands TLS, add sslmode=verify-full',
    ),
};

/** The explanation and what to try; null for an error that is not a refusal. */
export function refusalOf(error: unknown): Explanation | null {
  const why = messageOf(error);
  const tls = tlsFaultOf(error);
  if (tls) return explainCertificate(tls, why);
  const file = fileOf(error);
  if (file)
    return {
      what: 'a file that DATABASE_URL names cannot be used',
      why: `${file}: ${why}`,
      hint: 'correct sslrootcert, sslcert and sslkey: paths of files in PEM that this user may read',
    };
  return (
    (byMessage.find(([words]) => words.test(why))?.[1] ?? byCode[stateOf(error)])?.(why) ?? null
  );
}

/** What reading an open file may fail with, and reading a socket may not: the path is a folder, or the disk cannot be read. */
const fileCodes = new Set(['EISDIR', 'EIO']);

/** The file of a certificate or key, which pg reads itself, that could not be read; null for other errors. */
function fileOf(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const { syscall, path, code } = error as NodeJS.ErrnoException;
  // A socket's errors name `read` as well.
  if (syscall === 'open' || (syscall === 'read' && fileCodes.has(String(code))))
    return path ?? 'its path';
  return /^ERR_OSSL_(PEM|ASN1|X509|EVP|UNSUPPORTED)/.test(String(code))
    ? 'not a certificate or key' // The error does not say which file.
    : null;
}
