/** Sends one ping, in the form that healthchecks.io takes. */
import { hostsOf } from '../../ground/addresses/http-address.ts';
import { fitting } from '../../ground/text.ts';
import { OutboundError } from '../../outbound/error.ts';
import { request } from '../../outbound/request.ts';

/** How long a request may take, from the lookup of the receiver's name to the last byte of its answer. */
const timeoutMs = 10_000;
/** healthchecks.io keeps 100 kB of a reason, but a person reads a line. */
const maxReasonLetters = 1_000;

/**
 * Tells the receiver that all is well, or at `/fail` that it is not: `failure` is the reason, without secrets. Throws
 * {@link OutboundError}, which names only the host, unless the receiver answers that it has accepted the ping. Follows no redirect.
 */
export async function sendPing(
  address: string,
  { failure, signal }: { failure: string | null; signal: AbortSignal },
): Promise<void> {
  const url = new URL(address);
  if (failure !== null) url.pathname = `${url.pathname.replace(/\/+$/, '')}/fail`;
  const { status, body } = await request(
    failure === null
      ? { method: 'GET', url: url.href }
      : {
          method: 'POST',
          url: url.href,
          headers: { 'content-type': 'text/plain; charset=utf-8' },
          body: fitting(failure, maxReasonLetters),
        },
    { hosts: hostsOf(address), signal, timeoutMs },
  );
  // healthchecks.io answers 200 also for an address that it does not know, and for pings beyond its limit.
  const [, remark] = /^OK \(([a-z ]{1,40})\)\s*$/.exec(body) ?? [];
  if (status < 200 || status > 299) throw new OutboundError(`${url.host} answered ${status}`, true);
  if (remark) throw new OutboundError(`${url.host} has not taken it: ${remark}`, true);
}
