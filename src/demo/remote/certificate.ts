/**
 * Makes a certificate for 127.0.0.1 that only signs itself: Node reads certificates, and makes none. X.509 version 3 (RFC 5280)
 * in DER (ITU-T X.690), with a key on P-256.
 */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** A value with its tag and its length; a length from 128 on is written in bytes of its own. */
function der(tag: number, ...parts: Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const sequence = (...parts: Uint8Array[]): Buffer => der(0x30, ...parts);
const object = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'));
const bits = (value: Uint8Array): Buffer => der(0x03, Buffer.of(0), value);
const octets = (value: Uint8Array): Buffer => der(0x04, value);
const yes = der(0x01, Buffer.of(0xff));

/** UTCTime, which has two digits for a year until 2049. */
const time = (at: Date): Buffer =>
  der(0x17, Buffer.from(`${at.toISOString().slice(2, 19).replaceAll(/\D/g, '')}Z`));

/** ecdsa-with-SHA256, and the attributes and extensions by their numbers. */
const signedBy = sequence(object('2a8648ce3d040302'));
const commonName = object('550403');
const alternativeName = object('551d11');
const basicConstraints = object('551d13');

export interface OwnCertificate {
  /** the certificate as PEM; who trusts it trusts it alone */
  cert: string;
  /** the private key as PEM */
  key: string;
}

/** A new certificate for 127.0.0.1, valid for the next `hours`. */
export function certificateOfLoopback(now: Date, hours: number): OwnCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = sequence(
    der(0x31, sequence(commonName, der(0x0c, Buffer.from('demo of roundsman')))),
  );
  const hourMs = 3_600_000;
  const content = sequence(
    der(0xa0, der(0x02, Buffer.of(2))),
    // A serial number is positive.
    der(0x02, Buffer.of(1), randomBytes(15)),
    signedBy,
    name,
    sequence(
      time(new Date(now.getTime() - hourMs)),
      time(new Date(now.getTime() + hours * hourMs)),
    ),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(
      0xa3,
      sequence(
        sequence(basicConstraints, yes, octets(sequence(yes))),
        sequence(alternativeName, octets(sequence(der(0x87, Buffer.of(127, 0, 0, 1))))),
      ),
    ),
  );
  const whole = sequence(content, signedBy, bits(sign('sha256', content, privateKey)));
  const lines = whole.toString('base64').replaceAll(/.{64}/g, '$&\n').trimEnd();
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  };
}
