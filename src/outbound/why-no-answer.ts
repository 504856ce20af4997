import { hostsOf } from '../ground/addresses/http-address.ts';
import { OutboundError } from './error.ts';
import { request } from './request.ts';

/** From the lookup of the name to the head of the answer. */
const timeoutMs = 3_000;
/** A single lost packet or a short restart of the receiver says nothing about the network. */
const maxTries = 2;

/**
 * Why this machine gets no answer from an address that an admin has set, for people; null where it gets one: any answer of HTTP
 * counts, a redirect or an error too.
 */
export async function whyNoAnswer(address: string, signal: AbortSignal): Promise<string | null> {
  const limits = { hosts: hostsOf(address), signal, timeoutMs };
  for (let tried = 1; ; tried += 1) {
    try {
      // HEAD, because the body would say nothing more.
      await request({ method: 'HEAD', url: address }, limits);
      return null;
    } catch (error) {
      if (!(error instanceof OutboundError)) throw error;
      if (tried === maxTries || signal.aborted) return error.message;
    }
  }
}
