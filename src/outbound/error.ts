import { faultInWords, withoutPlace } from './fault-words.ts';

/**
 * Why a request failed. refused: our own rules do not allow it, so the server was never asked. certificate: the
 * server's certificate cannot be trusted. timeout: no answer in time. other: the network or the server.
 */
export type OutboundFault = 'refused' | 'certificate' | 'timeout' | 'other';

/** The request failed. `sent` is false only when it is certain that no part of it reached the server. */
export class OutboundError extends Error {
  override readonly name = 'OutboundError';
  readonly sent: boolean;
  readonly fault: OutboundFault;

  constructor(
    message: string,
    sent: boolean,
    { fault = 'other', ...options }: ErrorOptions & { fault?: OutboundFault } = {},
  ) {
    super(message, options);
    this.sent = sent;
    this.fault = fault;
  }
}

/** Our own rules do not allow the request. */
export const refusal = (message: string) => new OutboundError(message, false, { fault: 'refused' });

/** What went wrong on the way to this address, without naming it again. */
export function describeError(
  error: unknown,
  { hostname, port, protocol }: URL,
  maxBytes: number,
): string {
  if ((error as { code?: string }).code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE')
    return `the answer is longer than ${maxBytes} bytes`;
  return withoutPlace(
    faultInWords(error),
    hostname,
    port || (protocol === 'https:' ? '443' : '80'),
  );
}
