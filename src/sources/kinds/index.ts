import type { SourceKind } from '../reading/kind.ts';
import { alertmanager } from './alertmanager.ts';
import { github } from './github.ts';
import { grafana } from './grafana.ts';
import { plain } from './plain.ts';
import { sentry } from './sentry.ts';
import { standardWebhooks } from './standard-webhooks.ts';
import { stripe } from './stripe.ts';
import { vercel } from './vercel.ts';

/** Every kind of sender: adding one is one file and one line. */
export const kinds = [
  alertmanager,
  grafana,
  sentry,
  github,
  vercel,
  stripe,
  standardWebhooks,
  plain,
] as const satisfies readonly SourceKind[];

/** Throws for a name that the config's schema would have refused. */
export function kindOf(name: string): SourceKind {
  const kind = kinds.find((each) => each.name === name);
  if (!kind) throw new Error(`there is no kind of source ${name}`);
  return kind;
}
