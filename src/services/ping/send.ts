/** One request to the receiver of pings, in the way of healthchecks.io. */
import { pingHosts } from '../../ground/ping-address.ts';
import { fitting } from '../../ground/text.ts';
import { OutboundError, request } from '../../outbound/request.ts';

/** From the lookup of its name to the last byte of its answer. */
const timeoutMs = 10_000;
/** healthchecks.io keeps 100 kB of it; a person reads a line. */
const longestReason = 1_000;

/**
 * Tells the receiver that all is well, or at `/fail` that it is not: `failure` is the reason, without secrets. Throws
 * {@link OutboundError}, which names the host alone, where it does not say that it has taken it. No redirect is followed.
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
          body: fitting(failure, longestReason),
        },
    { hosts: pingHosts(address), signal, timeoutMs },
  );
  // healthchecks.io answers 200 also for an address that it does not know, and for pings beyond its limit.
  const [, but] = /^OK \(([a-z ]{1,40})\)\s*$/.exec(body) ?? [];
  if (status < 200 || status > 299) throw new OutboundError(`${url.host} answered ${status}`, true);
  if (but) throw new OutboundError(`${url.host} has not taken it: ${but}`, true);
}
