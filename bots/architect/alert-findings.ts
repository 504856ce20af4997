/** Findings of security alerts, and the keys of these findings. */
import type { ReportedFinding } from '../../src/bot.ts';
import { counted, number, shortened } from '../parts/in-words.ts';
import { daysBefore } from '../parts/time.ts';
import type { Config } from './config.ts';
import { secretOf } from './open.ts';
import type { Kind, Read } from './read-alerts.ts';

export const dependenciesKey = (name: string): string => `${name} dependencies`;
const secretKey = (name: string, alert: number): string => `${name} secret ${alert}`;
const closedKey = (of: string, kind: Kind): string => `${of.toLowerCase()} ${kind} cannot be read`;

/** Whether these may be asked was seen in this run. */
export const closedKeys = (organisations: string[]): string[] =>
  organisations.flatMap((of) => [closedKey(of, 'dependencies'), closedKey(of, 'secrets')]);

/** A secret that GitHub knows to be inactive opens nothing any more. */
export function secretFinding({ name, alert }: Read['secrets'][number]): ReportedFinding[] {
  const { validity, secret_type, number: alertNumber, html_url } = alert;
  if (validity === 'inactive') return [];
  const kind = /^[a-z0-9_-]{1,60}$/.test(secret_type ?? '') ? secret_type! : 'unknown kind';
  const isActive = validity === 'active';
  return [
    {
      severity: isActive ? 'critical' : 'high',
      category: 'repositories',
      title: `${isActive ? 'A valid secret' : 'A secret'} (${kind}) is in the code of ${name.slice(0, 90)}`,
      description: isActive
        ? 'GitHub has tried it: it still opens what it is for. Revoke it first, where it was issued; then remove it from the code.'
        : 'It is not known whether it still opens what it is for. Revoke it where it was issued, and close the alert.',
      component: name,
      key: secretKey(name, alertNumber),
      metadata: {
        alert: alertNumber,
        validity: isActive ? 'active' : 'unknown',
        url: html_url?.slice(0, 300) ?? null,
      },
    },
  ];
}

/** One finding for each repository. What is used only for development reaches no user, and has the time that high alerts have. */
export function dependencyFindings(
  read: Read,
  { alert_days }: Config,
  now: Date,
): ReportedFinding[] {
  const byName = new Map<string, Read['dependencies']>();
  for (const each of read.dependencies)
    byName.set(each.name, [...(byName.get(each.name) ?? []), each]);
  const before = daysBefore(now, alert_days);
  return [...byName].flatMap(([name, alerts]) => {
    const critical = alerts.filter(
      ({ alert }) =>
        alert.security_advisory.severity === 'critical' && alert.dependency.scope !== 'development',
    );
    const old = alerts.filter(
      (each) => !critical.includes(each) && each.alert.created_at <= before,
    );
    if (critical.length + old.length === 0) return [];
    const parts = [
      ...(critical.length > 0 ? [`${number(critical.length)} critical`] : []),
      ...(old.length > 0 ? [`${number(old.length)} old`] : []),
    ];
    return [
      {
        severity: critical.length > 0 ? 'high' : 'medium',
        category: 'repositories',
        title: `Dependabot has ${parts.join(' and ')} ${critical.length + old.length === 1 ? 'alert' : 'alerts'} about ${name.slice(0, 90)}`,
        description: `Dependencies have known vulnerabilities that are critical, or high and older than ${counted(alert_days, 'day')}.`,
        component: name,
        key: dependenciesKey(name),
        metadata: {
          advisories: [...critical, ...old]
            .slice(0, 20)
            .map(({ alert }) => shortened(alert.security_advisory.ghsa_id, 40)),
          alerts: critical.length + old.length,
        },
      } satisfies ReportedFinding,
    ];
  });
}

export const closedFindings = ({ closed }: Read, config: Config): ReportedFinding[] =>
  closed.map(({ of, kind }) => ({
    severity: 'low',
    category: 'repositories',
    title: `Alerts about ${kind} of ${of.slice(0, 90)} cannot be read`,
    description:
      `${secretOf(config)} lacks the permission to read ${kind === 'secrets' ? 'secret scanning alerts' : 'Dependabot alerts'}, ` +
      'or its owner is no security manager of the organisation, or the feature is off there. The page github.md of the documentation lists the permissions.',
    component: shortened(of.toLowerCase()),
    key: closedKey(of, kind),
  }));
