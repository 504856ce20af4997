import type { SourceKind } from '../reading/kind.ts';
import { isAuthorised } from '../reading/signature.ts';
import { groupAgain, readGroup, resolvedGroup } from './group.ts';

/** Prometheus Alertmanager, `webhook_configs` (prometheus.io/docs/alerting/latest/configuration/#webhook_config). */
export const alertmanager: SourceKind = {
  name: 'alertmanager',
  title: 'Prometheus Alertmanager',
  secret:
    'a random token, which Alertmanager sends as http_config.authorization.credentials, or as the password of basic_auth',
  setUp: [
    'a receiver with webhook_configs, its url the address above',
    'send_resolved: true (the default), so that findings clear',
  ],
  proves: isAuthorised,
  // Alertmanager names no delivery.
  idOf: () => null,
  again: groupAgain,
  read: (document) => readGroup(document),
  example: (key, now) => ({ document: resolvedGroup(key, now) }),
  sign: (_, secret) => ({ authorization: `Bearer ${secret}` }),
};
