import type { SourceKind } from '../reading/kind.ts';
import { headerOf, hmacOf, isAuthorised, isRecent, sameText } from '../reading/signature.ts';
import { groupAgain, readGroup, resolvedGroup } from './group.ts';

const signature = 'x-grafana-alerting-signature';
const timestamp = 'x-grafana-alerting-timestamp';

/**
 * Grafana's contact point `webhook`: HMAC over the body, or over `<timestamp>:<body>` where a timestamp header is configured, in hex; or
 * an authorization header (grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier).
 */
export const grafana: SourceKind = {
  name: 'grafana',
  title: 'Grafana Alerting',
  secret:
    'the secret of HMAC Signature in the contact point, or the credentials of its authorization header',
  setUp: [
    'a contact point of the type Webhook, its URL the address above, its method POST',
    `HMAC Signature with the header ${signature} and the timestamp header ${timestamp}`,
  ],
  proves(arrival, secret, now) {
    const given = headerOf(arrival, signature);
    if (given === undefined) return isAuthorised(arrival, secret);
    const seconds = headerOf(arrival, timestamp);
    if (seconds === undefined) return sameText(given, hmacOf('sha256', secret, arrival.body));
    const signed = Buffer.concat([Buffer.from(`${seconds}:`), arrival.body]);
    return sameText(given, hmacOf('sha256', secret, signed)) && isRecent(seconds, now);
  },
  idOf: () => null,
  again: groupAgain,
  read: (document) => readGroup(document),
  example: (key, now) => ({ document: { ...resolvedGroup(key, now), version: '1', orgId: 1 } }),
  sign(body, secret, now) {
    const seconds = String(Math.floor(now.getTime() / 1_000));
    return {
      [timestamp]: seconds,
      [signature]: hmacOf('sha256', secret, `${seconds}:${body}`),
    };
  },
};
