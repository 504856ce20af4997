import { ok, warn } from './diagnosis.ts';
import type { Look } from './look.ts';

/** Whether what is sent to the database can be read on the way. No diagnosis where both are on one host. */
export const examineTls: Look = async ({ connection: { isLocal, tls } }) => {
  if (tls?.isVerified) return [ok('TLS', `${tls.protocol}, with a certificate that was checked`)];
  if (isLocal) return [];
  const mend =
    'add `?sslmode=verify-full&sslrootcert=/path/to/ca.crt` to DATABASE_URL, with the certificate of the authority that issued the server its own';
  return [
    tls
      ? warn(
          'TLS',
          `${tls.protocol}, but the certificate is not checked (sslmode=no-verify): another server could answer in its place`,
          mend,
        )
      : warn(
          'TLS',
          'the connection is not encrypted: rows can be read, and statements changed, on the network between this host and the server',
          mend,
        ),
  ];
};
