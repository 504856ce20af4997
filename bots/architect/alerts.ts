/**
 * Security alerts of GitHub: Dependabot's about dependencies, and secrets that were found in code. An organisation is asked as a whole
 * once an hour; of a user, one repository after the other.
 */
import { z } from '../../src/bot.ts';
import type { CheckContext, CheckResult } from '../../src/bot.ts';
import { minuteMs } from '../parts/time.ts';
import {
  closedFindings,
  closedKeys,
  dependenciesKey,
  dependencyFindings,
  secretFinding,
} from './alert-findings.ts';
import type { Config } from './config.ts';
import { open, orSkip } from './open.ts';
import { readOrganisation, readRepository, type Read } from './read-alerts.ts';
import { activeRepositories, nextInTurn } from './turns.ts';
import type { RepositoryAnswer } from './standing-query.ts';

/** A run comes each 15 minutes: every fourth one asks. */
const minMinutes = 55;

const memory = z.object({ read_at: z.iso.datetime(), turn: z.unknown() });

export async function findAlerts(config: Config, context: CheckContext): Promise<CheckResult> {
  const { all, found } = await activeRepositories('security-alerts', config, context);
  const known = memory.safeParse(context.remembered).data;
  const last = known ? Date.parse(known.read_at) : -Infinity;
  const age = context.now.getTime() - last;
  const isDue = context.since !== null || age >= minMinutes * minuteMs || age < 0;
  const { byOrganisation, ofUsers } = divide(all, found);
  const turn = nextInTurn(ofUsers, known?.turn, config.slow_days * 2);
  const client = await open(config, context);
  const read: Read = {
    dependencies: [],
    secrets: [],
    known: { dependencies: new Set(), secrets: new Set() },
    closed: [],
  };
  await orSkip(config, context, async () => {
    if (isDue)
      for (const [owner, names] of byOrganisation)
        await readOrganisation(client, owner, names, read);
    for (const name of turn.names) await readRepository(client, name, read);
  });
  const findings = [
    ...read.secrets.flatMap((each) => secretFinding(each)),
    ...dependencyFindings(read, config, context.now),
    ...closedFindings(read, config),
  ];
  const examined = [
    ...[...read.known.dependencies].map(dependenciesKey),
    ...openSecretKeys(await readOpenKeys(context), read.known.secrets),
    ...closedKeys(isDue ? [...byOrganisation.keys()] : []),
    ...findings.map(({ key }) => key!),
  ];
  return {
    examined: [...new Set(examined)],
    findings: findings.slice(0, config.max_findings),
    figures: [
      { name: 'organisations that were asked', value: isDue ? byOrganisation.size : 0 },
      { name: 'alerts of Dependabot', value: read.dependencies.length },
      { name: 'secrets in code', value: read.secrets.length },
      { name: 'points', value: client.usage.restPoints },
    ],
    truncated: findings.length > config.max_findings,
    remember: {
      read_at: isDue ? context.now.toISOString() : known!.read_at,
      turn: turn.remember,
    },
  };
}

function divide(all: string[], found: Map<string, RepositoryAnswer>) {
  const byOrganisation = new Map<string, string[]>();
  const ofUsers: string[] = [];
  for (const name of all) {
    const { owner } = found.get(name)!;
    if (owner.__typename !== 'Organization') ofUsers.push(name);
    else byOrganisation.set(owner.login, [...(byOrganisation.get(owner.login) ?? []), name]);
  }
  return { byOrganisation, ofUsers };
}

/** The keys of this check's open findings about secrets: one that is no longer among the alerts was dealt with. */
async function readOpenKeys({ db }: CheckContext): Promise<string[]> {
  const rows = await db
    .selectFrom('bot_findings')
    .select('component_key')
    .where('resolved_at', 'is', null)
    .where('category', '=', 'repositories')
    .where('check_name', '=', 'security-alerts')
    .limit(1_000)
    .execute();
  return rows.flatMap(({ component_key }) => component_key ?? []);
}

const openSecretKeys = (keys: string[], known: Set<string>): string[] =>
  keys.filter((key) => {
    const [, name] = /^(\S+) secret \d+$/.exec(key) ?? [];
    return name !== undefined && known.has(name);
  });
