/**
 * Reads the certificate that a server presents, whether it can be trusted or not, through the same guard as requests:
 * the name is resolved once, and the connection goes to an address that was checked. Nothing is sent on the connection.
 */
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import {
  checkServerIdentity,
  connect,
  getCACertificates,
  type DetailedPeerCertificate,
} from 'node:tls';
import { untilStopped } from '../ground/until-stopped.ts';
import { faultInWords, withoutPlace } from './fault-words.ts';
import { OutboundError } from './error.ts';
import type { OutboundLimits } from './request.ts';
import { resolveHost, connectionOptions, type Addresses } from './resolve.ts';

export interface Certificate {
  /** the common name, or the organisation where there is none */
  subject: string;
  issuer: string;
  validFrom: Date;
  validTo: Date;
}

export interface PresentedCertificate extends Certificate {
  /** the names for which it was issued, as `DNS:a.example, IP Address:192.0.2.1`; empty where it lists none */
  names: string;
  /** why it is not for the host that was asked; null when it is */
  wrongName: string | null;
  /** OpenSSL's code of why this machine does not trust it, dates included; null when it does (the name aside) */
  untrusted: string | null;
  /** the certificates above it, as the server sent them and this machine knows them, the next one first */
  chain: IssuingCertificate[];
}

export interface IssuingCertificate extends Certificate {
  /** this machine trusts its name and key by itself, so when this certificate ends, or who has issued it, means nothing here */
  isTrusted: boolean;
}

/** The longest chain that is read. */
const maxChain = 10;

/** The certificate of a server. Throws {@link OutboundError} where there is no TLS connection, or the host may not be asked. */
export async function presentedCertificate(
  host: string,
  port: number,
  { signal: outer, timeoutMs, ...limits }: Omit<OutboundLimits, 'maxBytes' | 'cut'>,
): Promise<PresentedCertificate> {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  const deadline = AbortSignal.timeout(timeoutMs);
  const signal = AbortSignal.any([outer, deadline]);
  try {
    const addresses = await untilStopped(signal, () => resolveHost(bare, port, limits));
    return await untilStopped(signal, () => handshake(bare, addresses, port, signal));
  } catch (error) {
    if (error instanceof OutboundError) throw error;
    const why = deadline.aborted
      ? `no TLS connection within ${timeoutMs / 1000} s`
      : outer.aborted
        ? `stopped: ${String(outer.reason)}`
        : withoutPlace(faultInWords(error), bare, port);
    const fault = deadline.aborted ? 'timeout' : 'other';
    throw new OutboundError(`${host}:${port}: ${why}`, false, { cause: error, fault });
  }
}

async function handshake(
  host: string,
  addresses: Addresses,
  port: number,
  signal: AbortSignal,
): Promise<PresentedCertificate> {
  const socket = connect({
    ...connectionOptions(addresses),
    host,
    port,
    // TLS has no names for addresses.
    ...(isIP(host) ? {} : { servername: host }),
    // A certificate that cannot be trusted is what is asked about; nothing is sent.
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
  });
  const end = () => socket.destroy();
  signal.addEventListener('abort', end);
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('secureConnect', resolve);
      socket.on('error', reject);
      socket.once('close', () => reject(new Error('the connection was closed')));
    });
    const presented = socket.getPeerCertificate(true);
    if (!presented.raw) throw new Error('the server presents no certificate');
    return {
      ...namesOf(presented),
      names: presented.subjectaltname ?? '',
      wrongName: checkServerIdentity(host, presented)?.message ?? null,
      untrusted: socket.authorized ? null : String(socket.authorizationError),
      chain: chainOf(presented),
    };
  } finally {
    signal.removeEventListener('abort', end);
    socket.destroy();
  }
}

function chainOf(presented: DetailedPeerCertificate): IssuingCertificate[] {
  const chain: DetailedPeerCertificate[] = [presented];
  while (chain.length <= maxChain) {
    const { issuerCertificate: next } = chain.at(-1)!;
    // The root is its own issuer.
    if (!next || chain.includes(next)) break;
    chain.push(next);
  }
  return chain.slice(1).map((issuing) => ({
    ...namesOf(issuing),
    isTrusted: trustedKeys().has(keyOf(new X509Certificate(issuing.raw))),
  }));
}

let trusted: { of: readonly string[]; keys: Set<string> } | undefined;

/**
 * The authorities that this machine trusts, by name and key. An authority may have several certificates: a server often sends one
 * that an older authority has signed, which ends long before the authority does.
 */
function trustedKeys(): Set<string> {
  const of = getCACertificates('default');
  if (trusted?.of !== of)
    trusted = { of, keys: new Set(of.map((pem) => keyOf(new X509Certificate(pem)))) };
  return trusted.keys;
}

const keyOf = ({ subject, publicKey }: X509Certificate): string =>
  `${subject}\n${publicKey.export({ type: 'spki', format: 'der' }).toString('base64')}`;

const namesOf = (certificate: DetailedPeerCertificate): Certificate => ({
  subject: nameOf(certificate.subject),
  issuer: nameOf(certificate.issuer),
  validFrom: new Date(certificate.valid_from),
  validTo: new Date(certificate.valid_to),
});

/** A certificate may have no common name, or several of one kind. */
function nameOf(name: DetailedPeerCertificate['subject'] | undefined): string {
  const found: unknown = name?.CN ?? name?.O ?? name?.OU;
  return Array.isArray(found) ? found.join(', ') : String(found ?? '');
}
