/** Reads the certificate of every https app: whether it can be trusted, and how much of its lifetime is left. */
import { OutboundError, presentedCertificate } from '../../src/bot.ts';
import type {
  CheckContext,
  CheckResult,
  Figure,
  PresentedCertificate,
  ReportedFinding,
} from '../../src/bot.ts';
import { groupBy, readApps, whyNoAddress } from './apps.ts';
import { atOnce, outOfTime } from './at-once.ts';
import type { Config } from './config.ts';
import {
  endsFirst,
  hasTimes,
  isoOf,
  problemOf,
  lifetimeOf,
  type Lifetime,
} from './judge-certificate.ts';
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
    if (hasTimes(one)) left.push(lifetimeOf(endsFirst(one, context.now), context.now));
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
        chain: one.chain.map((above) => ({
          subject: above.subject.slice(0, 200),
          valid_to: isoOf(above.validTo),
        })),
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
