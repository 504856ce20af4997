/** Requests that a remote bot has to refuse, and whether it does. */
import { randomBytes, randomUUID } from 'node:crypto';
import { messageOf } from '../../ground/errors.ts';
import type { RemoteConfig } from '../../remote/config.ts';
import type { RequestDocument } from '../../remote/document.ts';
import { requestOf, signedRequest, type GivenValue } from '../../remote/sign.ts';

/** One thing that was looked at; `why` says what is wrong, or what was seen. */
export interface Point {
  ok: boolean;
  what: string;
  why: string;
}

/** How old the timestamp of a request is that has to be refused: Standard Webhooks takes five minutes. */
const oldMs = 3_600_000;

/** Requests that a server has to refuse, because everyone could send them. */
export async function wrongRequests(
  endpoint: string,
  { contract }: RemoteConfig,
  document: RequestDocument,
  secrets: readonly GivenValue[],
  at: Date,
) {
  if (contract === 'cron') {
    const wrong = { name: 'WRONG', value: randomBytes(24).toString('hex') };
    const outgoing = await requestOf(endpoint, { contract }, document, { secrets: [wrong], at });
    const { authorization: _, ...headers } = outgoing.headers!;
    const asUndefined = { ...outgoing, headers: { ...headers, authorization: 'Bearer undefined' } };
    return [
      { what: 'it refuses a wrong secret', outgoing },
      { what: 'it refuses a request without a secret', outgoing: { ...outgoing, headers } },
      { what: 'it refuses `Bearer undefined`', outgoing: asUndefined },
    ];
  }
  const wrong = { name: 'WRONG', value: `whsec_${randomBytes(32).toString('base64')}` };
  const other = { ...document, run: { ...document.run, id: randomUUID() } };
  const signed = await signedRequest(endpoint, other, { secrets, at });
  const { 'webhook-signature': _, ...unsigned } = signed.headers!;
  const old = new Date(at.getTime() - oldMs);
  return [
    {
      what: 'it refuses a wrong signature',
      outgoing: await signedRequest(endpoint, other, { secrets: [wrong], at }),
    },
    {
      what: 'it refuses a request without a signature',
      outgoing: { ...signed, headers: unsigned },
    },
    { what: 'it refuses a changed body', outgoing: { ...signed, body: `${signed.body} ` } },
    {
      what: 'it refuses an old timestamp',
      outgoing: await signedRequest(endpoint, other, { secrets, at: old }),
    },
  ];
}

/** Sends one of them. A server that cannot be asked has refused nothing. */
export async function refusalOf(
  what: string,
  send: () => Promise<{ status: number }>,
): Promise<Point> {
  try {
    const { status } = await send();
    const ok = [400, 401, 403].includes(status);
    if (ok) return { ok, what, why: `${status}` };
    // Another status, such as that of a redirect or a fault, does not show that the request was carried out.
    const isTaken = status >= 200 && status < 300;
    const why = `it answered ${status}, and has to answer 401${isTaken ? ': everyone could call it' : ''}`;
    return { ok, what, why };
  } catch (error) {
    return { ok: false, what, why: messageOf(error) };
  }
}
