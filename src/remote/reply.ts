/** What the answer of a remote bot means for the run. */
import type { OutboundAnswer } from '../outbound/request.ts';
import { retryAfterMsOf } from '../outbound/retry-after.ts';
import { openRedaction } from '../ground/secrets/redact.ts';
import { referenceTo } from '../ground/secrets/secret-reference.ts';
import type { RemoteConfig } from './config.ts';
import { parseBounded, UnfitAnswerError } from './json.ts';
import { formsOf, type GivenValue } from './sign.ts';

/** How many bytes of an answer are read. It is asked for without compression, and a compressed one is refused. */
export const maxAnswerBytes = 1_048_576;
/** The longest time that a server can have itself left alone: one that asks for more is asked again after it. */
const maxWaitMs = 24 * 3_600_000;

/** body: a JSON value without secrets; gone: the address is not used any more; wait: ask again after that time */
export type Reply =
  | { kind: 'body'; body: unknown }
  | { kind: 'gone' }
  | { kind: 'wait'; ms: number; status: number };

const refusedBy: Record<RemoteConfig['contract'], string> = {
  signed:
    'it refused the signature: the same secret has to be set on both sides, and its clock has to be right',
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
  if (status !== 200)
    throw new UnfitAnswerError(`it answered ${status}${meaning(status, contract)}`);
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? '';
  if (encoding !== '' && encoding !== 'identity')
    throw new UnfitAnswerError(
      'the answer is compressed, although the request asks for `accept-encoding: identity`',
    );
  const redaction = openRedaction();
  redaction.learn(
    secrets.flatMap(formsOf).map(({ name, value }) => ({ value, as: referenceTo(name) })),
  );
  return { kind: 'body', body: redaction.whole(parseBounded(body)) };
}

function meaning(status: number, contract: RemoteConfig['contract']): string {
  if (status === 401 || status === 403) return `: ${refusedBy[contract]}`;
  if (status === 202) return ': it wants to report later, and has to answer 200 with what it found';
  if (status >= 300 && status < 400)
    return ': it redirects to another address, and redirects are not followed; give the bot that address';
  if (status === 404) return ': there is no such route at that address';
  if (status === 405)
    return ': signed is a POST, cron a GET; `contract` in the settings says which';
  return ', and only 200 is an answer';
}
