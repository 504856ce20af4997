/** Reads the certificate of every https app: whether it can be trusted, and how much of its lifetime is left. */
import { OutboundError, presentedCertificate } from '../../src/bot.ts';
import type {
  Certificate,
  CheckContext,
  CheckResult,
  Figure,
  PresentedCertificate,
  ReportedFinding,
} from '../../src/bot.ts';
import { counted, span } from '../parts/in-words.ts';
import { dayMs } from '../parts/time.ts';
import { groupBy, readApps, whyNoAddress } from './apps.ts';
import { atOnce, outOfTime } from './at-once.ts';
import type { Config } from './config.ts';
import { reportUnasked } from './unasked.ts';

/** `unreached`: there was no TLS connection; the check `answers` says that the app is down. */
type Seen = PresentedCertificate | 'unreached';

export async function checkCertificates(
  config: Config,
  context: CheckContext,
): Promise<CheckResult> {
  const apps = await readApps(config, context);
  const secure = apps.asked.filter(
    ({ address }) => whyNoAddress(address) === null && new URL(address).protocol === 'https:',
  );
  // One host has one certificate, however many apps it serves.
  const groups = groupBy(secure, ({ address }) => hostOf(new URL(address)));
  const seen = await atOnce(groups, config, context, async ([host], signal): Promise<Seen> => {
    const { hostname, port } = new URL(`https://${host}`);
    try {
      return await presentedCertificate(hostname, Number(port || 443), {
        hosts: apps.hosts,
        publicly: true,
        signal,
        timeoutMs: config.timeout_seconds * 1_000,
      });
    } catch (error) {
      if (error instanceof OutboundError) return 'unreached';
      throw error;
    }
  });

  const unknown = apps.otherAddresses
    .filter((address) => whyNoAddress(address) === null)
    .map((address) => hostOf(new URL(address)));
  const seenHosts = new Set<string>();
  const findings: ReportedFinding[] = [];
  const left: Lifetime[] = [];
  let asked = 0;
  for (const [at, [host, group]] of groups.entries()) {
    const one = seen[at]!;
    if (one !== outOfTime) asked += 1;
    if (one === outOfTime || one === 'unreached') {
      unknown.push(host);
      continue;
    }
    seenHosts.add(host);
    if (hasTimes(one)) left.push(lifetimeOf(one, context.now));
    const problem = problemOf(host, one, context.now, config);
    if (!problem) continue;
    const { subject, issuer, validFrom, validTo } = one;
    findings.push({
      category: 'certificates',
      component: host,
      ...problem,
      metadata: {
        apps: group.slice(0, 20).map(({ slug }) => slug),
        subject: subject.slice(0, 200),
        issuer: issuer.slice(0, 200),
        names: one.names.slice(0, 1_000),
        valid_from: isoOf(validFrom),
        valid_to: isoOf(validTo),
      },
    });
  }
  const notAsked = reportUnasked(apps, asked, 'certificates', groups.length);
  return {
    // Every key but these: findings about a host that no app has any more resolve.
    examined: {
      count: seenHosts.size,
      except: [...new Set(unknown)].filter((host) => !seenHosts.has(host)),
    },
    findings: [...findings, ...notAsked],
    figures: figuresOf(left),
    ...(apps.truncated && { truncated: true }),
  };
}

/** The host, with its port where it is not https's own. */
const hostOf = ({ host }: URL): string => host;

/** A certificate may hold anything in the place of its times. */
const isTime = (at: Date): boolean => !Number.isNaN(at.getTime());
const hasTimes = ({ validFrom, validTo }: Certificate) => isTime(validFrom) && isTime(validTo);
const isoOf = (at: Date): string | null => (isTime(at) ? at.toISOString() : null);

interface Lifetime {
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

function lifetimeOf({ validFrom, validTo }: Certificate, now: Date): Lifetime {
  const left = validTo.getTime() - now.getTime();
  // A certificate that ends before it begins has no lifetime at all.
  const whole = Math.max(1, validTo.getTime() - validFrom.getTime());
  return {
    percent: (100 * left) / Math.min(whole, maxDays * dayMs),
    days: left / dayMs,
    isLong: whole > maxDays * dayMs,
  };
}

type Problem = Pick<ReportedFinding, 'severity' | 'title' | 'description'>;

/** The worst that is wrong with a certificate: a person corrects all of it with one new certificate. */
function problemOf(
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
      description: `It was issued for ${names.slice(0, 500) || 'no name at all'}. The host is not set up at its provider, or another site answers in its host.`,
    };
  if (untrusted !== null) {
    const { title, description } = distrust(certificate, untrusted, now);
    return { severity: 'high', title: `${of} ${title}`, description };
  }
  const { percent, days, isLong } = lifetimeOf(certificate, now);
  if (percent >= config.certificate_medium_percent) return null;
  return {
    severity: percent < config.certificate_high_percent ? 'high' : 'medium',
    title: `${of} expires in ${span(days * 86_400)}${isLong ? '' : `, with ${Math.floor(percent)} % of its lifetime left`}`,
    description: `It is valid until ${validTo.toISOString()}. Certificates are renewed with a third of their lifetime left: its renewal has failed.`,
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

function figuresOf(left: Lifetime[]): Figure[] {
  const least = left.toSorted((a, b) => a.percent - b.percent)[0];
  return [
    { name: 'certificates', value: left.length },
    ...(least
      ? [
          { name: 'smallest share of lifetime left', value: Math.round(least.percent), unit: '%' },
          { name: 'time until the first one expires', value: Math.trunc(least.days), unit: 'days' },
        ]
      : []),
  ];
}
