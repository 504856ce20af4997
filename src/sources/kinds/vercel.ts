import {
  boundedKey,
  component,
  description,
  firstText,
  linkIn,
  needText,
  textAt,
  timeAt,
  title,
  word,
} from '../reading/fields.ts';
import type { Alarm, SourceKind } from '../reading/kind.ts';
import { hmacOf, isSigned } from '../reading/signature.ts';

const header = 'x-vercel-signature';

const states: Readonly<Record<string, Alarm['state']>> = {
  'deployment.error': 'firing',
  'deployment.succeeded': 'resolved',
  'deployment.ready': 'resolved',
  'deployment.promoted': 'resolved',
};

/** Webhooks of Vercel: HMAC-SHA1 of the body; `id` names the delivery and is a part of it (vercel.com/docs/webhooks/webhooks-api). */
export const vercel: SourceKind = {
  name: 'vercel',
  title: 'Vercel',
  secret:
    'the secret that Vercel shows once, when the webhook is made; of an integration its Client Secret',
  setUp: [
    'a webhook of the team (Settings, Webhooks), its endpoint the address above',
    'the events deployment.error, deployment.succeeded and deployment.promoted',
  ],
  proves: (arrival, secret) => isSigned(arrival, secret, { header, algorithm: 'sha1' }),
  idOf: (_, document) => textAt(document, 'id'),
  isTimed: true,
  read(document) {
    const type = needText(document, 'type');
    const sentAt = timeAt(document, 'createdAt');
    if (!Object.hasOwn(states, type)) return { event: word(type), sentAt, alarms: [] };
    const payload = 'payload';
    const project = firstText(document, `${payload}.deployment.name`, `${payload}.name`);
    const id = firstText(document, `${payload}.project.id`, `${payload}.deployment.name`);
    const target = textAt(document, `${payload}.target`) ?? 'preview';
    const url = textAt(document, `${payload}.deployment.url`);
    return {
      event: word(type),
      sentAt,
      alarms: [
        {
          key: boundedKey(
            `deployment/${id ?? needText(document, 'payload.deployment.id')}/${target}`,
          ),
          state: states[type]!,
          severity: null,
          title: title(`The deployment of ${project ?? id} to ${target} ends with an error`),
          description: description(
            firstText(
              document,
              `${payload}.deployment.errorMessage`,
              `${payload}.deployment.meta.githubCommitMessage`,
            ) ?? url,
          ),
          component: component(project ?? id ?? 'vercel'),
          link: linkIn(firstText(document, `${payload}.links.deployment`)),
          at: sentAt?.toISOString() ?? null,
        },
      ],
    };
  },
  example: (key, now) => ({
    document: {
      id: key,
      type: 'deployment.succeeded',
      createdAt: now.getTime(),
      payload: { project: { id: key }, deployment: { id: key, name: 'roundsman-test' } },
    },
  }),
  sign: (body, secret) => ({ [header]: hmacOf('sha1', secret, body) }),
};
