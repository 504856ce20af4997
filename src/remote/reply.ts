/** What the answer of a remote bot means for the run. */
import type { OutboundAnswer } from '../outbound/request.ts';
import { retryAfterMsOf } from '../outbound/retry-after.ts';
import { openRedaction, type Redaction } from '../ground/secrets/redact.ts';
import { referenceTo } from '../ground/secrets/secret-reference.ts';
import { acceptedAnswer } from './answer.ts';
import type { RemoteConfig } from './config.ts';
import { parseBounded, UnfitAnswerError } from './json.ts';
import type { GivenValue } from './sign.ts';
import { readBy } from './unfit.ts';

/** How many bytes of an answer are read. It is asked for without compression, and a compressed one is refused. */
export const maxAnswerBytes = 1_048_576;
/** The longest time that a server can have itself left alone: one that asks for more is asked again after it. */
const maxWaitMs = 24 * 3_600_000;

/**
 * body: a JSON value without secrets; accepted: it reports later; gone: the address is not used any more; wait: ask again after that
 * time
 */
export type Reply = Answered | { kind: 'accepted'; leaseSeconds: number };

export type Answered =
  | { kind: 'body'; body: unknown }
  | { kind: 'gone' }
  | { kind: 'wait'; ms: number; status: number };

const refusedSignature =
  'it refused the signature: the same secret has to be set on both sides, and its clock has to be right';
const refusedBy: Record<RemoteConfig['contract'], string> = {
  signed: refusedSignature,
  async: refusedSignature,
  cron: 'it refused the secret: the same one has to be set on both sides',
};

/** Throws {@link UnfitAnswerError} for an answer that says nothing about the platform. */
export function readReply(
  { status, headers, body }: OutboundAnswer,
  { contract }: Pick<RemoteConfig, 'contract'>,
  secrets: readonly GivenValue[],
  now: Date,
): Reply {
  if (status === 410) return { kind: 'gone' };
  const asked = retryAfterMsOf(headers, now.getTime());
  if ((status === 429 || status === 503) && asked !== null)
    return { kind: 'wait', ms: Math.min(asked, maxWaitMs), status };
  const isAccepted = status === 202 && contract === 'async';
  if (status !== 200 && !isAccepted)
    throw new UnfitAnswerError(`it answered ${status}${meaning(status, contract)}`);
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? '';
  if (encoding !== '' && encoding !== 'identity')
    throw new UnfitAnswerError(
      'the answer is compressed, although the request asks for `accept-encoding: identity`',
    );
  const parsed = parseBounded(body);
  if (isAccepted)
    return { kind: 'accepted', leaseSeconds: readBy(acceptedAnswer, parsed).lease_seconds };
  return { kind: 'body', body: withoutSecrets(parsed, secrets) };
}

/** The redaction of the last secrets: most answers that one process reads are of the same ones, and making it takes longer than its use. */
let last: { of: string; redaction: Redaction } | null = null;

/** A JSON value of the remote bot without the values of its secrets. */
export function withoutSecrets(body: unknown, secrets: readonly GivenValue[]): unknown {
  const known = secrets.map(({ name, value }) => ({ value, as: referenceTo(name) }));
  const of = JSON.stringify(known);
  if (last?.of !== of) last = { of, redaction: openRedaction(known) };
  return last.redaction.whole(body);
}

function meaning(status: number, contract: RemoteConfig['contract']): string {
  if (status === 401 || status === 403) return `: ${refusedBy[contract]}`;
  if (status === 202)
    return ': it wants to report later: `contract` in the settings has to be async for that, or it has to answer 200 with what it found';
  if (status >= 300 && status < 400)
    return ': it redirects to another address, and redirects are not followed; give the bot that address';
  if (status === 404) return ': there is no such route at that address';
  if (status === 405)
    return ': signed and async are POSTs, cron a GET; `contract` in the settings says which';
  return ', and only 200 is an answer';
}
