/** Deliveries of each kind of sender that repeat the source's own secret wherever a sender could write something. */
import {
  alertmanagerGroup,
  githubRun,
  grafanaGroup,
  plainAlarms,
  sentryIssue,
  standardEvent,
  stripeDispute,
  vercelError,
} from './examples.ts';

/** One example of each kind, and the config of its source beside kind and secrets. */
export const documents: Record<
  string,
  { document: object; headers?: Record<string, string>; config?: object }
> = {
  alertmanager: { document: alertmanagerGroup },
  grafana: { document: grafanaGroup },
  sentry: { document: sentryIssue, headers: { 'sentry-hook-resource': 'issue' } },
  github: { document: githubRun, headers: { 'x-github-event': 'workflow_run' } },
  vercel: { document: vercelError },
  stripe: { document: stripeDispute },
  'standard-webhooks': {
    document: standardEvent,
    config: {
      firing: ['incident.opened'],
      fields: { key: 'data.incident.id', title: 'data.incident.name', component: 'data.service' },
    },
  },
  plain: { document: plainAlarms },
};

/** Fields that say what kind of event it is: without them nothing would be read of the others. */
const kept = new Set([
  'status',
  'state',
  'action',
  'type',
  'conclusion',
  'event',
  'head_branch',
  'default_branch',
  'object',
]);
const ofTime = /(At|_at|Seen|date\w*|timestamp|created)$/;

/** The document of now, with the forms of a secret behind every text that the sender may choose. */
export function repeating(value: unknown, forms: readonly string[], name = ''): unknown {
  if (Array.isArray(value)) return value.map((each) => repeating(each, forms));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [key, repeating(each, forms, key)]),
    );
  if (kept.has(name)) return value;
  if (ofTime.test(name) && typeof value === 'string') return new Date().toISOString();
  if (ofTime.test(name) && typeof value === 'number')
    return value > 1e11 ? Date.now() : Math.floor(Date.now() / 1_000);
  if (typeof value !== 'string') return value;
  return value.startsWith('https:')
    ? `${value}?token=${encodeURIComponent(forms[0]!)}`
    : `${value} ${forms.join(' ')}`;
}

/** Text that is cut in the middle of the secret, wherever the limit for it lies. */
const longTexts = (form: string): object =>
  Object.fromEntries([80, 180, 1_980].map((length, at) => [at, `${'x'.repeat(length)} ${form}`]));

/** Bodies of one sender, as it would sign them. */
export function bodiesOf(kind: string, forms: readonly string[]): string[] {
  const { document } = documents[kind]!;
  const [secret = ''] = forms;
  const repeated = repeating(document, forms) as object;
  const more = Object.fromEntries(forms.map((form) => [form, form]));
  return [
    ...Object.values(longTexts(secret)).map((text) =>
      JSON.stringify(repeating(document, [text as string])),
    ),
    JSON.stringify(repeated),
    JSON.stringify({ ...repeated, ...more, more }),
    JSON.stringify({ ...repeated, action: secret, type: secret, id: secret }),
    JSON.stringify({ [secret]: secret }),
    JSON.stringify(forms),
    `${JSON.stringify(secret)} ${secret}`,
    `${'['.repeat(40)}${JSON.stringify(secret)}${']'.repeat(40)}`,
  ];
}
