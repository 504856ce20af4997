/** Repositories that are archived, renamed, locked or not there, and a token that sees nothing or is not taken. */
import { z, type GitHubError } from '../../src/bot.ts';
import type { CheckContext, CheckResult, ReportedFinding } from '../../src/bot.ts';
import { counted } from '../parts/in-words.ts';
import type { Config } from './config.ts';
import { isRefused, orSkip, secretOf } from './open.ts';
import { readStanding, type Standing } from './standing.ts';
import type { RepositoryAnswer } from './standing-query.ts';

const tokenKey = 'the token';
const unreadKey = 'repositories that cannot be read';

/** One failed query is an outage of GitHub's more often than not. */
const blindRuns = 3;
const memory = z.object({ blind: z.int().min(0) });

export async function findGone(config: Config, context: CheckContext): Promise<CheckResult> {
  let standing: Standing;
  try {
    standing = await readStanding('repositories', config, context);
  } catch (error) {
    if (isRefused(error)) return refused(config, error);
    return orSkip(config, context, () => Promise.reject(error as Error));
  }
  const { watched, answered } = standing;
  const seen = answered.found.size;
  const isBlind = seen === 0 && answered.missing.length > 1;
  const blind =
    answered.unread.length === 0 ? 0 : (memory.safeParse(context.remembered).data?.blind ?? 0) + 1;
  const findings = [
    ...(isBlind
      ? [seesNothing(config, answered.missing)]
      : answered.missing.map((name) => gone(config, name))),
    ...[...answered.found].flatMap(([name, found]) => stateOf(name, found)),
    ...(blind >= blindRuns ? [unreadFinding(answered.unread, answered.why, seen === 0)] : []),
  ];
  return {
    examined: {
      count: watched.names.length,
      except: [
        ...watched.beyond,
        ...answered.unread,
        ...(isBlind ? answered.missing : []),
        ...(blind > 0 && blind < blindRuns ? [unreadKey] : []),
      ],
    },
    findings: findings.slice(0, config.max_findings),
    figures: [
      { name: 'repositories', value: seen },
      { name: 'repositories that are not there', value: answered.missing.length },
      { name: 'repositories that could not be read', value: answered.unread.length },
    ],
    truncated: findings.length > config.max_findings,
    remember: { blind },
  };
}

const refused = (config: Config, { status, message }: GitHubError): CheckResult => ({
  examined: [tokenKey],
  findings: [
    {
      severity: 'high',
      category: 'repositories',
      title: `GitHub ${status === 401 ? 'does not take' : 'serves nothing with'} ${secretOf(config)}${status === null ? '' : ` (${status})`}, so that no repository is watched`,
      description:
        `${message}. It has expired or was revoked, its app or account was suspended or removed, or base_url is not the address of the ` +
        `API. Put that right, or make another one and store it with \`npx roundsman secrets set ${secretOf(config)}\`.`,
      component: secretOf(config),
      key: tokenKey,
    },
  ],
});

const seesNothing = (config: Config, names: string[]): ReportedFinding => ({
  severity: 'high',
  category: 'repositories',
  title: `${secretOf(config)} sees none of ${counted(names.length, 'repository', 'repositories')}`,
  description:
    'GitHub answers that there is no such repository where a token may not see it. Give the token, or the app, access to them.',
  component: secretOf(config),
  key: tokenKey,
  metadata: { sample: names.slice(0, 20) },
});

const gone = (config: Config, name: string): ReportedFinding => ({
  severity: 'medium',
  category: 'repositories',
  title: `Repository ${name.slice(0, 140)} is not there`,
  description: `It was deleted or made private, or ${secretOf(config)} may not see it.`,
  component: name,
  key: name,
});

function stateOf(name: string, found: RepositoryAnswer): ReportedFinding[] {
  const of = (severity: 'high' | 'medium' | 'low', what: string, description: string) => [
    {
      severity,
      category: 'repositories',
      title: `Repository ${name.slice(0, 100)} is ${what}`,
      description,
      component: name,
      key: name,
    },
  ];
  if (found.isDisabled)
    return of('high', 'disabled', 'GitHub has disabled it. Its owner was told why by mail.');
  // The check `billing` reports that one.
  if (found.lockReason && found.lockReason !== 'BILLING')
    return of(
      'medium',
      `locked (${found.lockReason.slice(0, 40)})`,
      'Nothing can be pushed to it.',
    );
  if (found.isArchived)
    return of('medium', 'archived', 'It is read-only, and an active app is made from it.');
  if (found.nameWithOwner.toLowerCase() !== name)
    return of(
      'low',
      `${found.nameWithOwner.slice(0, 80)} now`,
      'It was renamed or moved. GitHub redirects only until another repository takes the old name: write the new address into ' +
        'repository_url of its app, or into the setting repositories.',
    );
  return [];
}

const unreadFinding = (names: string[], why: string[], isAll: boolean): ReportedFinding => ({
  severity: isAll ? 'high' : 'low',
  category: 'repositories',
  title: `${counted(names.length, 'repository', 'repositories')} could not be read for several runs`,
  description: [...new Set(why)].join('; ').slice(0, 500),
  component: 'GitHub',
  key: unreadKey,
  metadata: { repositories: names.slice(0, 50) },
});
