/** Builds the request of each contract. Secrets are given by value; a request never goes out without one. */
import type { OutboundRequest } from '../outbound/request.ts';
import { keyOf, maxKeyBytes, minKeyBytes } from '../ground/secrets/standard-key.ts';
import type { RemoteConfig } from './config.ts';
import type { RequestDocument } from './document.ts';

export interface GivenValue {
  name: string;
  value: string;
}

/** The key of a secret, as base64. */
/** Why a secret cannot be used by this contract; null if it can. The text does not repeat the value. */
export function whyUnusable(
  contract: RemoteConfig['contract'],
  { name, value }: GivenValue,
): string | null {
  const again = `\`npx roundsman secrets set ${name}\` stores another`;
  if (contract === 'cron')
    return /^[\x21-\x7e]+$/.test(value)
      ? null
      : `the secret ${name} has spaces or characters that no header can carry; ${again}`;
  const key = keyOf(value);
  const bytes = Buffer.from(key, 'base64').length;
  if (/^[A-Za-z0-9+/]+={0,2}$/.test(key) && key.length % 4 === 0)
    return bytes >= minKeyBytes && bytes <= maxKeyBytes
      ? null
      : `the secret ${name} is a key of ${bytes} bytes, and Standard Webhooks takes ${minKeyBytes} to ${maxKeyBytes}: \`openssl rand -base64 32\` makes one, to be written behind whsec_; ${again}`;
  return `the secret ${name} is no key: a key is written as whsec_ and base64; ${again}`;
}

/**
 * `webhook-id`: run and attempt. A verification is another question of the same attempt, so it has an id of its own: a server that
 * answers a repeated id from its memory would otherwise answer with the state before the remedy.
 */
export const webhookId = ({ id, attempt, since }: RequestDocument['run']): string =>
  `${id}_${attempt}${since === null ? '' : `_${Date.parse(since)}`}`;

const requestId =
  /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})_([1-9]\d{0,8})(?:_[1-9]\d{0,14})?$/;

/** The run and the attempt of a `webhook-id`, which may be anything; null where it is not the id of a request. */
export function requestOfId(id: string): { run: string; attempt: number } | null {
  const [, run, attempt] = requestId.exec(id) ?? [];
  return run === undefined ? null : { run, attempt: Number(attempt) };
}

/** A POST that is signed with each of the secrets by the rules of Standard Webhooks (standardwebhooks.com). */
export async function signedRequest(
  url: string,
  document: RequestDocument,
  { secrets, at }: { secrets: readonly GivenValue[]; at: Date },
): Promise<OutboundRequest> {
  const { Webhook } = await import('standardwebhooks');
  const id = webhookId(document.run);
  const body = JSON.stringify(document);
  return {
    method: 'POST',
    url,
    headers: {
      accept: 'application/json',
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
      'webhook-signature': secrets
        .map(({ value }) => new Webhook(value).sign(id, at, body))
        .join(' '),
    },
    body,
  };
}

/** A GET with the headers that hosted crons send. */
export const cronRequest = (
  url: string,
  { bot }: Pick<RequestDocument, 'bot'>,
  { value }: Pick<GivenValue, 'value'>,
): OutboundRequest => ({
  method: 'GET',
  url,
  headers: {
    accept: 'application/json',
    authorization: `Bearer ${value}`,
    'user-agent': 'vercel-cron/1.0',
    'x-vercel-cron-schedule': bot.schedule,
  },
});

/** The request of the config's contract. */
export const requestOf = async (
  url: string,
  { contract }: Pick<RemoteConfig, 'contract'>,
  document: RequestDocument,
  given: { secrets: readonly [GivenValue, ...GivenValue[]]; at: Date },
): Promise<OutboundRequest> =>
  contract === 'cron'
    ? cronRequest(url, document, given.secrets[0])
    : signedRequest(url, document, given);
