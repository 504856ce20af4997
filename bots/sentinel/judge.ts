/** What one answer says about an app. */
import type { ReportedFinding } from '../../src/bot.ts';
import type { App } from './apps.ts';
import type { Seen } from './ask.ts';
import type { Config } from './config.ts';
import { wallOf } from './wall.ts';

export const category = 'apps';

/**
 * What is judged of an app. Each is a key of its own, because one answer tells about some of them only: how fast an app is that
 * does not answer is not known, so an open finding about that stays as it is.
 */
export const aspects = ['address', 'answer', 'wall', 'redirect', 'latency', 'text'] as const;
type Aspect = (typeof aspects)[number];

/** What an answer says about an app: for some aspects a problem, or null where there is none. */
type Judgement = Partial<Record<Aspect, Problem | null>>;
type Problem = Pick<ReportedFinding, 'severity' | 'title' | 'description' | 'metadata' | 'certain'>;

/** Makes a problem of the end of its title, which begins with the app. */
type AboutApp = (title: string, rest: Omit<Problem, 'title'>) => Problem;

export const keyOf = (slug: string, aspect: Aspect) => `${slug} ${aspect}`;

export function judge(app: App, seen: Seen, config: Config): Judgement {
  const about: AboutApp = (title, rest) => ({
    ...rest,
    title: `App ${app.slug} ${title}`,
    metadata: { deployment_url: app.address.slice(0, 500), ...rest.metadata },
  });
  if (seen.what === 'refused')
    return {
      address: about(`cannot be asked: ${seen.why}`, {
        severity: 'medium',
        description:
          'This app is not watched. Correct deployment_url in app_catalog; or, if the app runs at an address that is ' +
          'not public, allow its host with its port: `npx roundsman settings http_hosts --add HOST:PORT`.',
        // A rule of ours refuses the address that an admin has set: to ask again cannot say more.
        certain: !seen.redirected,
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
    return { address: null, ...judgeRedirect(app, seen, config, about) };
  return { address: null, redirect: null, ...judgeAnswer(app, seen, config, about) };
}

function judgeRedirect(
  { slug }: App,
  { why, to, status, ms }: Extract<Seen, { what: 'redirect' }>,
  config: Config,
  about: AboutApp,
): Judgement {
  const metadata = { to, status, ms: Math.round(ms) };
  // An app whose login is elsewhere redirects on purpose; what its page contains is not seen then.
  if (isNamed(config, slug, status))
    return {
      redirect: null,
      wall: null,
      answer: null,
      latency: judgeLatency(ms, config, (title, severity) => about(title, { severity, metadata })),
    };
  return {
    redirect: about(why, {
      severity: 'medium',
      description:
        'Users who open the app get to another site: its domain may be parked, taken over or misconfigured. If the new address is ' +
        'right, write it into deployment_url; if it is a login, name the status in the setting `statuses` of this bot.',
      metadata,
    }),
  };
}

function judgeAnswer(
  { slug }: App,
  { answer, url, ms }: Extract<Seen, { what: 'answer' }>,
  config: Config,
  about: AboutApp,
): Judgement {
  const { status } = answer;
  const metadata = { status, ms: Math.round(ms), url: url.slice(0, 500) };
  const wall = isNamed(config, slug, status) ? null : wallOf(answer);
  if (wall !== null)
    return {
      wall: about(`refuses automated requests: ${wall}`, {
        severity: 'low',
        description:
          'So it is not known whether the app works for users. Allow requests with the user agent "roundsman", or name the status ' +
          'in the setting `statuses` of this bot.',
        metadata,
      }),
    };
  if (!isNamed(config, slug, status) && (status < 200 || status > 299))
    return {
      wall: null,
      answer: about(`is down: it answered ${status}`, { severity: 'high', metadata }),
    };
  if (isPageOfHost(url))
    return {
      wall: null,
      answer: about('is down: its host shows a page of its own in its place', {
        severity: 'high',
        description:
          'It redirects to the page that cPanel shows for a site that is suspended, has moved or has no files. Ask the host.',
        metadata,
      }),
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
  // A compressed page is not expanded, because a small answer could become a huge one.
  if (encoding !== 'identity') {
    // Other words of a server could make a playbook's pattern fit.
    const shown = /^[\w-]{1,20}$/.test(encoding) ? encoding : 'in a way of its own';
    return about(
      `sends its page compressed although it was not asked to (${shown}): whether it contains ${what} is not known`,
      'low',
    );
  }
  return cut
    ? about(`does not show ${what} in as much of its page as is read`, 'low')
    : about(`does not contain ${what}, which its page has to`, 'high');
}

/** The pages that cPanel redirects to, and answers with 200, where it has no site to show. */
const isPageOfHost = (url: string): boolean =>
  /^\/cgi-sys\/(?:defaultwebpage|movingpage|suspendedpage)\.cgi$/.test(new URL(url).pathname);

/** Whether the settings say that this status is right for an app. */
const isNamed = ({ statuses }: Config, slug: string, status: number): boolean =>
  ownOf(statuses, slug)?.includes(status) ?? false;

/** Own properties only: an app may be called `constructor`. */
const ownOf = <Value>(settings: Record<string, Value>, slug: string): Value | undefined =>
  Object.hasOwn(settings, slug) ? settings[slug] : undefined;
