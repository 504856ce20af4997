/** Reads bodies as the bytes that were sent, which is what signatures are over. */
import type { Request } from './route.ts';

/** A body that cannot be taken, with the status that says why. */
export class BodyRefusedError extends Error {
  readonly status: 400 | 413 | 503;

  constructor(status: 400 | 413 | 503, message: string) {
    super(message);
    this.status = status;
  }
}

/** The bytes of bodies that one listener holds in memory. */
export interface Bodies {
  /** bytes that one body may have */
  readonly most: number;
  /** Counts bytes that were read; false if all bodies together would be too large. */
  take(bytes: number): boolean;
  giveBack(bytes: number): void;
}

export function countBodies(most: number, allMost: number): Bodies {
  let held = 0;
  return {
    most,
    take(bytes) {
      if (held + bytes > allMost) return false;
      held += bytes;
      return true;
    },
    giveBack(bytes) {
      held -= bytes;
    },
  };
}

/**
 * The body of a request, byte by byte as it was sent. It is counted while it is read, whatever its headers say. Throws
 * {@link BodyRefusedError}: 413 when it is too large, 400 when it is compressed or ends too early, 503 when the bodies of all
 * requests together are too large.
 */
export async function rawBody({ env, var: { bodies } }: Request): Promise<Buffer> {
  const { incoming, outgoing } = env;
  const encoding = incoming.headers['content-encoding']?.trim().toLowerCase();
  if (encoding !== undefined && encoding !== 'identity')
    throw new BodyRefusedError(400, 'the body is compressed; send it as it is');
  const tooLarge = () => new BodyRefusedError(413, `the body has more than ${bodies.most} bytes`);
  if (Number(incoming.headers['content-length'] ?? 0) > bodies.most) throw tooLarge();
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let length = 0;
  const refuse = (error: BodyRefusedError) => {
    incoming.off('data', read).pause();
    reject(error);
  };
  const read = (chunk: Buffer) => {
    if (length + chunk.length > bodies.most) return refuse(tooLarge());
    if (!bodies.take(chunk.length))
      return refuse(new BodyRefusedError(503, 'too many requests arrive at once'));
    length += chunk.length;
    chunks.push(chunk);
  };
  const endsEarly = () => reject(new BodyRefusedError(400, 'the body ended too early'));
  incoming
    .on('data', read)
    .once('end', () => resolve(Buffer.concat(chunks, length)))
    .once('error', endsEarly)
    .once('close', endsEarly);
  // The bytes count until the answer is sent, because the route works with them until then.
  outgoing.once('close', () => bodies.giveBack(length));
  return promise;
}
