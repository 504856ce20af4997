/** Asks every app for its page: its status, how long it takes, where it redirects to, and what its page has to contain. */
import type { CheckContext, CheckResult, Figure, ReportedFinding } from '../../src/bot.ts';
import { groupBy, normalized, readApps, whyNoAddress, type Apps } from './apps.ts';
import { ask, type Seen } from './ask.ts';
import { atOnce, outOfTime } from './at-once.ts';
import type { Config } from './config.ts';
import { aspects, category, judge, keyOf } from './judge.ts';
import { reportUnasked } from './unasked.ts';

export async function checkAnswers(config: Config, context: CheckContext): Promise<CheckResult> {
  const apps = await readApps(config, context);
  const { hosts, unaddressed } = apps;
  if (apps.count === 0 && unaddressed > 0 && !apps.truncated)
    context.skip(
      `none of ${unaddressed} active apps in app_catalog has a deployment_url, so none is asked: write there at which address each answers`,
    );
  const groups = groupBy(apps.asked, ({ address }) => normalized(address));
  const seen = await atOnce(groups, config, context, ([address], signal): Promise<Seen> => {
    const why = whyNoAddress(address);
    return why === null
      ? ask(address, { config, hosts, signal })
      : Promise.resolve({ what: 'refused', why, redirected: false });
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
    findings: [...findings, ...reportUnasked(apps, known), ...unknownSlugs(apps, config)],
    figures: figuresOf(apps, known, times),
    ...(apps.truncated && { truncated: true }),
  };
}

/** Reports names in the settings that no app has: without this, a mistyped name would never be noticed. */
function unknownSlugs(
  { asked, others, truncated }: Apps,
  { expect, statuses }: Config,
): ReportedFinding[] {
  if (truncated) return [];
  const known = new Set([...asked.map(({ slug }) => slug), ...others]);
  const named = new Set([...Object.keys(expect), ...Object.keys(statuses)]);
  const missing = [...named].filter((slug) => !known.has(slug)).toSorted();
  if (missing.length === 0) return [];
  return [
    {
      severity: 'low',
      category,
      title: `Settings of this bot name ${missing.length === 1 ? 'an app' : `${missing.length} apps`} that the catalogue does not have`,
      description: `The settings expect and statuses take slugs of app_catalog. Remove or correct these: ${missing.slice(0, 20).join(', ')}`,
      component: 'app_catalog',
      key: 'app_catalog settings',
      metadata: { slugs: missing.slice(0, 20) },
      certain: true,
    },
  ];
}

function figuresOf({ count, unaddressed }: Apps, known: number, times: number[]): Figure[] {
  const sorted = times.toSorted((a, b) => a - b);
  const timed: Figure[] = [
    {
      name: 'median time to answer',
      value: Math.round(sorted[sorted.length >> 1] ?? 0),
      unit: 'ms',
    },
    { name: 'longest time to answer', value: Math.round(sorted.at(-1) ?? 0), unit: 'ms' },
  ];
  return [
    { name: 'apps', value: count },
    { name: 'apps asked', value: known },
    { name: 'active apps without an address', value: unaddressed },
    ...(times.length > 0 ? timed : []),
  ];
}
