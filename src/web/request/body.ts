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

/** A body that is being read. */
interface Arriving {
  /** whose it is: all that comes from there shares what is left */
  peer: string;
  bytes: number;
  /** Ends it, because its place is needed. */
  cutOff(): void;
}

/** The bytes of bodies that one listener holds in memory. */
export interface Bodies {
  /** bytes that one body may have */
  readonly most: number;
  /**
   * Counts bytes of a body that were read. Where all bodies together are too large, unfinished ones are cut off for it: of the peer
   * that has sent most of them, the oldest first. So a sender that does not end its bodies keeps out no other one. False where
   * there is none to cut off.
   */
  take(body: Arriving, bytes: number): boolean;
  /** It is whole: it keeps its place until it is given back. */
  end(body: Arriving): void;
  giveBack(body: Arriving): void;
}

export function countBodies(most: number, allMost: number): Bodies {
  let held = 0;
  // In the order in which they began.
  const unfinished = new Set<Arriving>();
  function giveBack(body: Arriving): void {
    unfinished.delete(body);
    held -= body.bytes;
    body.bytes = 0;
  }
  function cutOffOneFor(body: Arriving): boolean {
    const bytesOf = new Map<string, number>();
    for (const { peer, bytes } of unfinished) bytesOf.set(peer, (bytesOf.get(peer) ?? 0) + bytes);
    const [cutOff] = [...unfinished]
      .filter((each) => each !== body && each.bytes > 0)
      // The sort is stable: among those of one peer the oldest stays the first.
      .toSorted((one, other) => bytesOf.get(other.peer)! - bytesOf.get(one.peer)!);
    if (!cutOff) return false;
    giveBack(cutOff);
    cutOff.cutOff();
    return true;
  }
  return {
    most,
    take(body, bytes) {
      unfinished.add(body);
      while (held + bytes > allMost) if (!cutOffOneFor(body)) return false;
      held += bytes;
      body.bytes += bytes;
      return true;
    },
    end: (body) => void unfinished.delete(body),
    giveBack,
  };
}

/** Whose a connection is: an address, or the network of an IPv6 address, of which one peer has many. */
export const peerOf = (address: string | undefined): string => {
  const text = (address ?? '').replace(/^::ffff:(?=\d+\.)/i, '');
  return text.includes(':') ? networkOf(text) : text;
};

/** The first 64 bits of an IPv6 address. */
function networkOf(address: string): string {
  const [head = '', tail] = address.split('%')[0]!.split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined && groups.length < 4) {
    const last = tail === '' ? [] : tail.split(':');
    while (groups.length + last.length < 8) groups.push('0');
    groups.push(...last);
  }
  return groups.slice(0, 4).join(':');
}

/**
 * The body of a request, byte by byte as it was sent. It is counted while it is read, whatever its headers say. Throws
 * {@link BodyRefusedError}: 413 when it is too large, 400 when it is compressed or ends too early, 503 when the bodies of all
 * requests together are too large and its place is needed.
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
  const body = { peer: peerOf(incoming.socket.remoteAddress), bytes: 0, cutOff: tooMany };
  const refuse = (error: BodyRefusedError) => {
    incoming.off('data', read).pause();
    chunks.length = 0;
    reject(error);
  };
  function tooMany(): void {
    refuse(new BodyRefusedError(503, 'too many requests arrive at once'));
  }
  function read(chunk: Buffer): void {
    if (body.bytes + chunk.length > bodies.most) return refuse(tooLarge());
    if (!bodies.take(body, chunk.length)) return tooMany();
    chunks.push(chunk);
  }
  const endsEarly = () => reject(new BodyRefusedError(400, 'the body ended too early'));
  incoming
    .on('data', read)
    .once('end', () => {
      bodies.end(body);
      resolve(Buffer.concat(chunks));
    })
    .once('error', endsEarly)
    .once('close', endsEarly);
  // The bytes count until the answer is sent, because the route works with them until then.
  outgoing.once('close', () => bodies.giveBack(body));
  return promise;
}
