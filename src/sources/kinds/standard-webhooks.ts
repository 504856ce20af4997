import {
  boundedKey,
  component,
  description,
  firstText,
  linkIn,
  needText,
  severityIn,
  textAt,
  timeAt,
  title,
  word,
} from '../reading/fields.ts';
import type { SourceKind } from '../reading/kind.ts';
import { signedByStandard } from './standard.ts';

/**
 * Any sender that signs by Standard Webhooks and sends `{type, timestamp, data}`. The standard does not say what `data` holds, so the
 * source's config says which types fire and which resolve, and where the fields of an alarm are.
 */
export const standardWebhooks: SourceKind = {
  ...signedByStandard,
  name: 'standard-webhooks',
  isTimed: true,
  title: 'a sender of Standard Webhooks',
  secret: "the endpoint's signing secret, whsec_ and base64",
  setUp: [
    'an endpoint, its URL the address above',
    'the settings `firing` and `resolved` of the bot name the types of events that mean so, and `fields` where to find key, title and the rest',
  ],
  lacks: ({ firing, resolved }) => ({
    alarms:
      firing.length > 0
        ? null
        : `the setting \`firing\` names no type of event, so that no delivery raises an alarm`,
    ends:
      resolved.length > 0
        ? null
        : `the setting \`resolved\` names no type of event, so that no finding ends by itself`,
  }),
  read(document, _, { firing, resolved, fields }) {
    const type = needText(document, 'type');
    const sentAt = timeAt(document, 'timestamp');
    const state = firing.includes(type) ? 'firing' : resolved.includes(type) ? 'resolved' : null;
    if (state === null) return { event: word(type), sentAt, alarms: [] };
    const field = (name: string) => textAt(document, fields[name] ?? `data.${name}`);
    const key = field('key') ?? firstText(document, 'data.id');
    return {
      event: word(type),
      sentAt,
      alarms: [
        {
          key: boundedKey(key ?? needText(document, fields.key ?? 'data.key')),
          state,
          severity: severityIn(field('severity')),
          title: title(field('title') ?? type),
          description: description(field('description')),
          component: component(field('component') ?? type),
          link: linkIn(field('link')),
          at: sentAt?.toISOString() ?? null,
        },
      ],
    };
  },
  example: (key, now) => ({
    document: { type: 'roundsman.test', timestamp: now.toISOString(), data: { key } },
  }),
};
