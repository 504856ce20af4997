import { z } from 'zod';
import { issueInWords } from '../../ground/documents/issue-words.ts';
import {
  boundedKey,
  component,
  description,
  linkIn,
  needFields,
  severityIn,
  title,
  word,
} from '../reading/fields.ts';
import { UnreadableError, type SourceKind } from '../reading/kind.ts';
import { signedByStandard } from './standard.ts';

/** How many alarms one delivery may bring. */
const maxAlarms = 100;

/** The document: docs/incoming-alarms.md describes it. */
export const plainDocument = z.strictObject({
  sent_at: z.iso.datetime({ offset: true }).optional(),
  alarms: z
    .array(
      z.strictObject({
        key: z.string().min(1),
        state: z.enum(['firing', 'resolved']),
        severity: z.string().optional(),
        title: z.string().min(1).optional(),
        description: z.string().optional(),
        component: z.string().min(1).optional(),
        link: z.string().optional(),
        at: z.iso.datetime({ offset: true }).optional(),
      }),
    )
    .max(maxAlarms),
});

/** Our own document, signed by Standard Webhooks, for senders that nothing else fits. */
export const plain: SourceKind = {
  ...signedByStandard,
  name: 'plain',
  isOurs: true,
  isTimed: true,
  title: 'a program of your own',
  secret:
    'a key of 24 to 64 bytes, written as whsec_ and base64: `openssl rand -base64 32` makes one, to be written behind whsec_',
  setUp: ['a POST of the document of docs/incoming-alarms.md, signed by Standard Webhooks'],
  read(document) {
    const read = plainDocument.safeParse(needFields(document, ''));
    if (!read.success) {
      const [issue] = read.error.issues;
      throw new UnreadableError(
        `${issue!.path.join('.') || 'the document'}: ${issueInWords(issue!, 'an object')}`,
      );
    }
    const { sent_at, alarms } = read.data;
    return {
      event: word('alarms'),
      sentAt: sent_at === undefined ? null : new Date(sent_at),
      alarms: alarms.map((alarm) => ({
        key: boundedKey(alarm.key),
        state: alarm.state,
        severity: severityIn(alarm.severity ?? null),
        title: title(alarm.title ?? alarm.key),
        description: description(alarm.description ?? null),
        component: component(alarm.component ?? alarm.key),
        link: linkIn(alarm.link ?? null),
        at: alarm.at ?? null,
      })),
    };
  },
  example: (key, now) => ({
    document: { sent_at: now.toISOString(), alarms: [{ key, state: 'resolved', title: 'Test' }] },
  }),
};
