/**
 * Says what a failure of TLS means: something is wrong with the server, or this machine does not trust it. Such a failure
 * does not end by waiting.
 */

/**
 * untrusted: this machine does not know the certificate's issuer. expired: the certificate is not valid at this time.
 * other-name: it was issued for another host. no-tls: the server does not speak TLS. wants-certificate: the server
 * wants a certificate of the client, or does not accept the one it got.
 */
export type TlsFault = 'untrusted' | 'expired' | 'other-name' | 'no-tls' | 'wants-certificate';

/** Which error codes of Node and OpenSSL mean which fault. */
const faultsByCode: [RegExp, TlsFault][] = [
  [/^CERT_(HAS_EXPIRED|NOT_YET_VALID)$/, 'expired'],
  [/^(ERR_TLS_CERT_ALTNAME_(INVALID|FORMAT)|HOSTNAME_MISMATCH)$/, 'other-name'],
  [
    /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(GET|VERIFY|DECRYPT|DECODE)_\w+|CERT_\w+|ERROR_IN_CERT_\w+|INVALID_(CA|PURPOSE)|PATH_LENGTH_EXCEEDED)$/,
    'untrusted',
  ],
  [/^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST)$/, 'no-tls'],
  [
    /^ERR_SSL_\w*ALERT_(CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE|BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_\w+|ACCESS_DENIED|NO_CERTIFICATE)$/,
    'wants-certificate',
  ],
];

/** The fault that this error means; null when the error has nothing to do with TLS. */
export function tlsFaultOf(error: unknown): TlsFault | null {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : '';
  return faultsByCode.find(([pattern]) => pattern.test(String(code)))?.[1] ?? null;
}
