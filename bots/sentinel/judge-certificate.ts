/** What is wrong with a certificate: whether it can be trusted, and how much of its lifetime is left. */
import type { Certificate, PresentedCertificate, ReportedFinding } from '../../src/bot.ts';
import { counted, span } from '../parts/in-words.ts';
import { dayMs } from '../parts/time.ts';
import type { Config } from './config.ts';

/** A certificate may hold anything in the place of its times. */
const isTime = (at: Date): boolean => !Number.isNaN(at.getTime());
export const hasTimes = ({ validFrom, validTo }: Certificate) =>
  isTime(validFrom) && isTime(validTo);
export const isoOf = (at: Date): string | null => (isTime(at) ? at.toISOString() : null);

/**
 * The certificate, or the one of its chain that ends before it and so makes it useless. One that ends later does not
 * matter, because the next renewal brings a new chain. One that is over is not needed where the certificate is trusted.
 */
export function endsFirst(certificate: PresentedCertificate, now: Date): Certificate {
  return certificate.chain
    .filter((above) => hasTimes(above) && !above.isTrusted && above.validTo > now)
    .reduce<Certificate>(
      (first, above) => (above.validTo < first.validTo ? above : first),
      certificate,
    );
}

export interface Lifetime {
  /** how much of its lifetime is left; negative when it is over */
  percent: number;
  days: number;
  /** its lifetime is longer than public authorities may issue for */
  isLong: boolean;
}

/**
 * The longest lifetime that browsers accept of public authorities (CA/Browser Forum, Baseline Requirements 6.3.2). The shares of a
 * longer one, as private authorities issue, are counted from this one: a quarter of ten years would be years of warning.
 */
const maxDays = 398;

export function lifetimeOf({ validFrom, validTo }: Certificate, now: Date): Lifetime {
  const left = validTo.getTime() - now.getTime();
  // A certificate that ends before it begins has no lifetime at all.
  const whole = Math.max(1, validTo.getTime() - validFrom.getTime());
  return {
    percent: (100 * left) / Math.min(whole, maxDays * dayMs),
    days: left / dayMs,
    isLong: whole > maxDays * dayMs,
  };
}

export type Problem = Pick<ReportedFinding, 'severity' | 'title' | 'description'>;

/** The worst that is wrong with a certificate: a person corrects all of it with one new certificate. */
export function problemOf(
  host: string,
  certificate: PresentedCertificate,
  now: Date,
  config: Config,
): Problem | null {
  const of = `Certificate of ${host}`;
  const { validFrom, validTo, wrongName, names, untrusted } = certificate;
  const on = (at: Date) => at.toISOString().slice(0, 10);
  if (!hasTimes(certificate))
    return {
      severity: 'high',
      title: `${of} has no readable ${isTime(validTo) ? 'beginning' : 'end'}`,
      description:
        'Its times are not written as a certificate has them, so clients refuse it. Issue a new one.',
    };
  if (validTo <= now)
    return {
      severity: 'critical',
      title: `${of} expired on ${on(validTo)}`,
      description: 'Browsers and clients refuse to open the app. Its renewal has failed.',
    };
  if (validFrom > now)
    return {
      severity: 'high',
      title: `${of} is not valid before ${on(validFrom)}`,
      description:
        'Browsers refuse it until then. The clock of the machine that issued it may be wrong.',
    };
  if (wrongName !== null)
    return {
      severity: 'high',
      title: `${of} is for other names`,
      description: `It was issued for ${names.slice(0, 500) || 'no name at all'}. The host is not set up at its provider, or another site answers in its place.`,
    };
  if (untrusted !== null) {
    const { title, description } = distrust(certificate, untrusted, now);
    return { severity: 'high', title: `${of} ${title}`, description };
  }
  return judgeLifetime(of, certificate, now, config);
}

function judgeLifetime(
  of: string,
  certificate: PresentedCertificate,
  now: Date,
  config: Config,
): Problem | null {
  const first = endsFirst(certificate, now);
  const { percent, days, isLong } = lifetimeOf(first, now);
  if (percent >= config.certificate_medium_percent) return null;
  const severity = percent < config.certificate_high_percent ? 'high' : 'medium';
  const until = first.validTo.toISOString();
  const left = `${span(days * 86_400)}${isLong ? '' : `, with ${Math.floor(percent)} % of its lifetime left`}`;
  if (first === certificate)
    return {
      severity,
      title: `${of} expires in ${left}`,
      description: `It is valid until ${until}. Certificates are renewed with a third of their lifetime left: its renewal has failed.`,
    };
  return {
    severity,
    title: `${of} is issued by one that ends in ${left}`,
    description:
      `The server sends the certificate of ${first.subject.slice(0, 100)} with it, which is valid until ${until}; the ` +
      `certificate itself until ${certificate.validTo.toISOString()}. Clients refuse both from the earlier time on. Have the ` +
      'authority issue a new one, and the server send the chain that comes with it.',
  };
}

/** Why this machine does not trust the chain, in words that follow the certificate. */
function distrust(
  { issuer, chain, ...leaf }: PresentedCertificate,
  code: string,
  now: Date,
): { title: string; description: string } {
  const last = chain.at(-1) ?? { ...leaf, issuer };
  const above = last.issuer.slice(0, 100) || 'an authority without a name';
  switch (code) {
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
      return {
        title: 'is self-signed',
        description:
          'No authority has signed it, so browsers warn of the site. Have an authority issue one, for example by ACME.',
      };
    case 'SELF_SIGNED_CERT_IN_CHAIN':
      return {
        title: `is issued by a private authority, ${above.slice(0, 60)}`,
        description:
          'Only machines that were told to trust this authority open the site. If this machine is to be one of them, start the ' +
          'engine with NODE_EXTRA_CA_CERTS set to the file of the authority.',
      };
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return {
        title: 'comes with an incomplete chain',
        description:
          `The server sends ${counted(chain.length + 1, 'certificate')}; the next one, of ${above}, ` +
          'is neither sent nor known here. Some browsers find it by themselves, other clients refuse the site: have the ' +
          'server send its full chain (fullchain.pem).',
      };
    case 'CERT_HAS_EXPIRED': {
      const expired = chain.find(({ validTo }) => validTo <= now);
      return {
        title: 'comes with a chain that has expired',
        description: `${expired ? `The certificate of ${expired.subject.slice(0, 100)} in it ended on ${expired.validTo.toISOString().slice(0, 10)}. ` : ''}Have the server send the current chain of its authority.`,
      };
    }
    default:
      return {
        title: `cannot be trusted: ${code.slice(0, 60)}`,
        description: 'OpenSSL refuses it; browsers are likely to do the same.',
      };
  }
}
