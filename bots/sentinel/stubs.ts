/** Asks every app for a path that cannot exist: a server that answers it as it answers the page is not the app, but a stub. */
import { randomUUID } from 'node:crypto';
import type { CheckContext, CheckResult, OutboundAnswer, ReportedFinding } from '../../src/bot.ts';
import { groupBy, readApps, whyNoAddress } from './apps.ts';
import { ask, type Asking } from './ask.ts';
import { atOnce, outOfTime } from './at-once.ts';
import type { Config } from './config.ts';
import { category } from './judge.ts';
import { reportUnasked } from './unasked.ts';
import { wallOf } from './wall.ts';

/** `unseen`: the app did not answer, or something in front of it did. */
type Seen = 'fine' | 'unseen' | { stub: 'bare' | 'document'; body: string };

export async function checkStubs(config: Config, context: CheckContext): Promise<CheckResult> {
  if (!config.missing_paths)
    context.skip(
      'the setting missing_paths is off: no app is asked for a path that does not exist',
    );
  const apps = await readApps(config, context);
  const addressed = apps.asked.filter(({ address }) => whyNoAddress(address) === null);
  const groups = groupBy(addressed, ({ address }) => new URL(address).href);
  const { hosts } = apps;
  const seen = await atOnce(groups, config, context, ([address], signal) =>
    askForStub(address, { config, hosts, signal }),
  );

  const unknown = [
    ...apps.others,
    ...apps.asked.filter(({ address }) => whyNoAddress(address) !== null).map(({ slug }) => slug),
  ];
  let known = 0;
  const findings: ReportedFinding[] = [];
  let asked = 0;
  for (const [at, [address, group]] of groups.entries()) {
    const one = seen[at]!;
    if (one !== outOfTime) asked += group.length;
    for (const { slug } of group) {
      if (one === outOfTime || one === 'unseen') {
        unknown.push(slug);
        continue;
      }
      known += 1;
      if (one !== 'fine') findings.push(findingOf(slug, address, one));
    }
  }
  return {
    // Every key but these: findings about an app that the catalogue no longer has resolve.
    examined: { count: known, except: unknown },
    findings: [...findings, ...reportUnasked(apps, asked, 'missing paths', addressed.length)],
    figures: [{ name: 'apps judged', value: known }],
    ...(apps.truncated && { truncated: true }),
  };
}

function findingOf(
  slug: string,
  address: string,
  { stub, body }: Exclude<Seen, string>,
): ReportedFinding {
  const bare = stub === 'bare';
  const text = body.trim().replaceAll(/\s+/g, ' ');
  return {
    severity: bare ? 'medium' : 'low',
    category,
    title: bare
      ? `App ${slug} answers any path with the same ${text === '' ? 'empty answer' : 'few words'}: a placeholder may stand in its place`
      : `App ${slug} answers any path with the same page: paths that do not exist are not answered 404`,
    description: bare
      ? 'A path that cannot exist was answered with 200, and with what the page itself says. A check of its status alone would ' +
        'always pass, whatever is deployed there.'
      : 'A path that cannot exist was answered with 200 and with the page itself, which has no script that could show another ' +
        'one. Search engines call that a soft 404; a page of a parked domain looks the same.',
    component: slug,
    metadata: { deployment_url: address.slice(0, 500), body: text.slice(0, 200) },
  };
}

/**
 * Asks for a new path in each run, so that no cache has its answer, and the check of missing paths never sees one of them twice. Asks
 * for the page itself only where the answer looks like a stub.
 */
async function askForStub(address: string, asking: Asking): Promise<Seen> {
  const name = randomUUID();
  const missing = await ask(new URL(`/${name}`, address).href, asking);
  if (missing.what === 'redirect') return 'fine';
  if (missing.what !== 'answer') return 'unseen';
  if (wallOf(missing.answer) !== null) return 'unseen';
  // A redirect to a page that exists, such as a login, tells the missing path from the page.
  if (missing.answer.status !== 200 || missing.redirects > 0) return 'fine';
  const kind = kindOf(missing.answer.body);
  if (kind === 'application') return 'fine';
  const page = await ask(address, asking);
  if (page.what !== 'answer' || wallOf(page.answer) !== null) return 'unseen';
  const isSame = shapeOf(page.answer, name) === shapeOf(missing.answer, name);
  return page.answer.status === 200 && isSame ? { stub: kind, body: missing.answer.body } : 'fine';
}

/**
 * A single page application answers any path with its page on purpose, and its script shows what belongs there. So an HTML
 * document with a script is an application, one without a script is a document, and anything else is bare: `ok`, JSON, nothing.
 */
function kindOf(body: string): 'application' | 'document' | 'bare' {
  if (!/<!doctype html|<html|<head|<body|<script/i.test(body)) return 'bare';
  return /<script|http-equiv=["']?refresh/i.test(body) ? 'application' : 'document';
}

/** The body without what changes from answer to answer: the path that was asked, times and counts. */
const shapeOf = ({ body }: OutboundAnswer, name: string): string =>
  body.replaceAll(name, '').replaceAll(/\d+/g, '0').trim();
