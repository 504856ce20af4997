/** Asks every app for its page: its status, how long it takes, where it redirects to, and what its page has to contain. */
import type { CheckContext, CheckResult, Figure, ReportedFinding } from '../../src/bot.ts';
import { readApps, groupBy, whyNoAddress, type App, type Apps } from './apps.ts';
import { ask, type Seen } from './ask.ts';
import { atOnce, outOfTime } from './at-once.ts';
import type { Config } from './config.ts';
import { wallOf } from './wall.ts';

export const category = 'apps';

/**
 * What is judged of an app. Each is a key of its own, because one answer tells about some of them only: how fast an app is that
 * does not answer is not known, so an open finding about that stays as it is.
 */
const aspects = ['address', 'answer', 'wall', 'redirect', 'latency', 'text'] as const;
type Aspect = (typeof aspects)[number];

/** What an answer says about an app: for some aspects a problem or, with null, that all is well. */
type Judgement = Partial<Record<Aspect, Problem | null>>;
type Problem = Pick<ReportedFinding, 'severity' | 'title' | 'description' | 'metadata'>;

const keyOf = (slug: string, aspect: Aspect) => `${slug} ${aspect}`;

export async function checkAnswers(config: Config, context: CheckContext): Promise<CheckResult> {
  const apps = await readApps(config, context);
  const { hosts } = apps;
  const groups = groupBy(apps.asked, ({ address }) => normal(address));
  const seen = await atOnce(groups, config, context, ([address], signal): Promise<Seen> => {
    const why = whyNoAddress(address);
    return why === null
      ? ask(address, { config, hosts, signal })
      : Promise.resolve({ what: 'refused', why });
  });

  const findings: ReportedFinding[] = [];
  const unknown = apps.others.flatMap((slug) => aspects.map((aspect) => keyOf(slug, aspect)));
  const times: number[] = [];
  let known = 0;
  for (const [at, [, group]] of groups.entries()) {
    const one = seen[at]!;
    if (one !== outOfTime && one.what === 'answer') times.push(one.ms);
    for (const app of group) {
      const judged = one === outOfTime ? {} : judge(app, one, config);
      if (one !== outOfTime) known += 1;
      for (const aspect of aspects) {
        const problem = judged[aspect];
        const key = keyOf(app.slug, aspect);
        if (problem === undefined) unknown.push(key);
        else if (problem) findings.push({ category, component: app.slug, key, ...problem });
      }
    }
  }
  return {
    examined: { count: known, except: unknown },
    findings: [...findings, ...unasked(apps, known), ...unknownSlugs(apps, config)],
    figures: figuresOf(apps, known, times),
    ...(apps.truncated && { truncated: true }),
  };
}

/** The same address written in two ways is asked once. */
const normal = (address: string): string =>
  URL.canParse(address) ? new URL(address).href : address;

function judge(app: App, seen: Seen, config: Config): Judgement {
  const about = (title: string, rest: Omit<Problem, 'title'>): Problem => ({
    ...rest,
    title: `App ${app.slug} ${title}`,
    metadata: { deployment_url: app.address.slice(0, 500), ...rest.metadata },
  });
  if (seen.what === 'refused')
    return {
      address: about(`cannot be asked: ${seen.why}`, {
        severity: 'medium',
        description:
          'Nobody watches this app. Correct deployment_url in app_catalog; or, if the app runs at an address that is ' +
          'not public, add its host with its port to http_hosts in engine.settings (docs/remedies.md).',
      }),
    };
  // Which certificate it is, and what is wrong with it, is what the check `certificates` says.
  if (seen.what === 'certificate') return { address: null };
  if (seen.what === 'failure')
    return {
      address: null,
      answer: about(`is down: ${seen.why}`, { severity: 'high' }),
    };
  if (seen.what === 'redirect')
    return {
      address: null,
      redirect: about(seen.why, {
        severity: 'medium',
        description:
          'Users who open the app end up elsewhere: its domain may be parked, taken over or misconfigured. ' +
          'If that is right, write the new address into deployment_url.',
        metadata: { to: seen.to },
      }),
    };
  return { address: null, redirect: null, ...judgeAnswer(app, seen, config, about) };
}

function judgeAnswer(
  { slug }: App,
  { answer, url, ms }: Extract<Seen, { what: 'answer' }>,
  config: Config,
  about: (title: string, rest: Omit<Problem, 'title'>) => Problem,
): Judgement {
  const { status } = answer;
  const isNamed = ownOf(config.statuses, slug)?.includes(status) ?? false;
  const metadata = { status, ms: Math.round(ms), url: url.slice(0, 500) };
  const wall = isNamed ? null : wallOf(answer);
  if (wall !== null)
    return {
      wall: about(`is blocked from our view: ${wall}`, {
        severity: 'low',
        description:
          'This is not known to be a problem for users, and how the app is behind it is not known either. Let requests with ' +
          'the user agent "roundsman" through, or name the status in the setting `statuses` of this bot.',
        metadata,
      }),
    };
  if (!isNamed && (status < 200 || status > 299))
    return {
      wall: null,
      answer: about(`is down: it answered ${status}`, { severity: 'high', metadata }),
    };
  return {
    wall: null,
    answer: null,
    latency: judgeLatency(ms, config, (title, severity) => about(title, { severity, metadata })),
    text: judgeText(answer, ownOf(config.expect, slug), (title, severity) =>
      about(title, { severity, metadata }),
    ),
  };
}

type About = (title: string, severity: ReportedFinding['severity']) => Problem;

function judgeLatency(ms: number, { slow_ms, very_slow_ms }: Config, about: About): Problem | null {
  const title = `is slow: it answered after ${(ms / 1_000).toFixed(1)} s`;
  if (ms > very_slow_ms) return about(title, 'high');
  return ms > slow_ms ? about(title, 'medium') : null;
}

function judgeText(
  { body, cut, headers }: { body: string; cut: boolean; headers: Record<string, string> },
  expected: string | undefined,
  about: About,
): Problem | null {
  if (expected === undefined || body.includes(expected)) return null;
  const what = JSON.stringify(expected.length > 60 ? `${expected.slice(0, 60)}…` : expected);
  const encoding = headers['content-encoding'] ?? 'identity';
  // Nothing is expanded: a small answer could become a huge one.
  if (encoding !== 'identity')
    return about(
      `sends its page compressed although it was not asked to (${encoding.slice(0, 20)}): whether it contains ${what} is not known`,
      'low',
    );
  return cut
    ? about(`does not show ${what} in as much of its page as is read`, 'low')
    : about(`does not contain ${what}, which its page has to`, 'high');
}

/** Own properties only: an app may be called `constructor`. */
const ownOf = <Value>(settings: Record<string, Value>, slug: string): Value | undefined =>
  Object.hasOwn(settings, slug) ? settings[slug] : undefined;

/** What was not asked must not look healthy. */
export function unasked(
  { count }: Apps,
  known: number,
  what = 'apps',
  all = count,
): ReportedFinding[] {
  if (known >= all) return [];
  return [
    {
      severity: 'medium',
      category,
      title: `Not all ${what} were asked: ${all - known} of ${all} were left out`,
      description:
        'The time of the check was over, or there are more than it may ask. Raise at_once, max_seconds or max_apps in the ' +
        'settings of this bot.',
      component: 'app_catalog',
      key: `app_catalog ${what}`,
      metadata: { asked: known, of: all },
    },
  ];
}

/** A setting that names no app would never be checked, and nothing would say so. */
function unknownSlugs({ asked, others }: Apps, { expect, statuses }: Config): ReportedFinding[] {
  const known = new Set([...asked.map(({ slug }) => slug), ...others]);
  const named = new Set([...Object.keys(expect), ...Object.keys(statuses)]);
  const missing = [...named].filter((slug) => !known.has(slug)).toSorted();
  if (missing.length === 0) return [];
  return [
    {
      severity: 'low',
      category,
      title: `Settings of this bot name ${missing.length === 1 ? 'an app' : `${missing.length} apps`} that the catalogue does not have`,
      description: `expect and statuses take slugs of app_catalog; unknown are: ${missing.slice(0, 20).join(', ')}`,
      component: 'app_catalog',
      key: 'app_catalog settings',
      metadata: { slugs: missing.slice(0, 20) },
    },
  ];
}

function figuresOf({ count }: Apps, known: number, times: number[]): Figure[] {
  const sorted = times.toSorted((a, b) => a - b);
  const timed: Figure[] = [
    { name: 'median answer', value: Math.round(sorted[sorted.length >> 1] ?? 0), unit: 'ms' },
    { name: 'slowest answer', value: Math.round(sorted.at(-1) ?? 0), unit: 'ms' },
  ];
  return [
    { name: 'apps', value: count },
    { name: 'apps asked', value: known },
    ...(times.length > 0 ? timed : []),
  ];
}
