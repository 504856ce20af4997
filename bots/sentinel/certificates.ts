/** Reads the certificate of every host of an app and of those to which it redirects: whether it can be trusted, and how much of its lifetime is left. */
import { OutboundError, presentedCertificate } from '../../src/bot.ts';
import type {
  CheckContext,
  CheckResult,
  Figure,
  PresentedCertificate,
  ReportedFinding,
} from '../../src/bot.ts';
import { groupBy, normalized, readApps, whyNoAddress } from './apps.ts';
import type { Asking } from './ask.ts';
import { atOnce, outOfTime } from './at-once.ts';
import type { Config } from './config.ts';
import {
  endsFirst,
  hasTimes,
  isoOf,
  problemOf,
  lifetimeOf,
  type Lifetime,
  type Problem,
} from './judge-certificate.ts';
import { maxNamed, openHostsOf, secureHosts } from './secure-hosts.ts';
import { reportUnasked } from './unasked.ts';

/** `unreached`: there was no TLS connection; the check `answers` says that the app is down. */
type Seen = PresentedCertificate | 'unreached';

/** What was seen from one address: its hosts, and whether it is known to which hosts it redirects. */
interface Walked {
  hosts: [string, Seen][];
  isWhole: boolean;
}

export async function checkCertificates(
  config: Config,
  context: CheckContext,
): Promise<CheckResult> {
  const apps = await readApps(config, context);
  const addressed = apps.asked.filter(({ address }) => whyNoAddress(address) === null);
  const groups = groupBy(addressed, ({ address }) => normalized(address));
  const readOf = once((host: string, signal: AbortSignal) =>
    readCertificate(host, { config, hosts: apps.hosts, signal }),
  );
  const walked = await atOnce(
    groups,
    config,
    context,
    async ([address, group], signal): Promise<Walked> => {
      const { hosts, isWhole } = await secureHosts(address, group, {
        config,
        hosts: apps.hosts,
        signal,
      });
      const seen = hosts.map(async (host): Promise<[string, Seen]> => [
        host,
        await readOf(host, signal),
      ]);
      return { hosts: await Promise.all(seen), isWhole };
    },
  );

  const unknown = apps.otherAddresses
    .filter((address) => whyNoAddress(address) === null)
    .map((address) => new URL(address).host);
  // Where these redirect to is not known.
  const unfollowed = new Set(apps.others);
  const seenHosts = new Map<string, { certificate: PresentedCertificate; slugs: Set<string> }>();
  for (const [at, [address, group]] of groups.entries()) {
    const one = walked[at]!;
    if (one === outOfTime || !one.isWhole) for (const { slug } of group) unfollowed.add(slug);
    if (one === outOfTime) unknown.push(new URL(address).host);
    for (const [host, certificate] of one === outOfTime ? [] : one.hosts) {
      if (certificate === 'unreached') {
        unknown.push(host);
        continue;
      }
      const of = seenHosts.get(host) ?? { certificate, slugs: new Set() };
      for (const { slug } of group) of.slugs.add(slug);
      seenHosts.set(host, of);
    }
  }
  const findings: ReportedFinding[] = [];
  const left: Lifetime[] = [];
  for (const [host, { certificate, slugs }] of seenHosts) {
    if (hasTimes(certificate))
      left.push(lifetimeOf(endsFirst(certificate, context.now), context.now));
    const problem = problemOf(host, certificate, context.now, config);
    if (problem) findings.push(findingOf(host, certificate, problem, [...slugs]));
  }
  unknown.push(...(await openHostsOf(unfollowed, context)));
  const asked = walked.filter((one) => one !== outOfTime).length;
  return {
    // Every key but these: findings about a host that no app has any more resolve.
    examined: {
      count: seenHosts.size,
      except: [...new Set(unknown)].filter((host) => !seenHosts.has(host)),
    },
    findings: [...findings, ...reportUnasked(apps, asked, 'certificates', groups.length)],
    figures: figuresOf(left),
    ...(apps.truncated && { truncated: true }),
  };
}

/** One host has one certificate, however many apps it serves: it is read once. */
function once<Answer>(read: (host: string, signal: AbortSignal) => Promise<Answer>) {
  const reads = new Map<string, Promise<Answer>>();
  return (host: string, signal: AbortSignal): Promise<Answer> => {
    const known = reads.get(host) ?? read(host, signal);
    reads.set(host, known);
    return known;
  };
}

async function readCertificate(
  host: string,
  { config, hosts, signal }: Asking & { config: Config },
): Promise<Seen> {
  const { hostname, port } = new URL(`https://${host}`);
  try {
    return await presentedCertificate(hostname, Number(port || 443), {
      hosts,
      publicly: true,
      signal,
      timeoutMs: config.timeout_seconds * 1_000,
    });
  } catch (error) {
    if (error instanceof OutboundError) return 'unreached';
    throw error;
  }
}

const findingOf = (
  host: string,
  { subject, issuer, names, validFrom, validTo, chain }: PresentedCertificate,
  problem: Problem,
  slugs: string[],
): ReportedFinding => ({
  category: 'certificates',
  component: host,
  ...problem,
  metadata: {
    apps: slugs.slice(0, maxNamed),
    subject: subject.slice(0, 200),
    issuer: issuer.slice(0, 200),
    names: names.slice(0, 1_000),
    valid_from: isoOf(validFrom),
    valid_to: isoOf(validTo),
    chain: chain.map((above) => ({
      subject: above.subject.slice(0, 200),
      valid_to: isoOf(above.validTo),
    })),
  },
});

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
