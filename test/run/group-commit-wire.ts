/** A wire between a client and PostgreSQL that is cut at a chosen moment. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/**
 * before: what holds this text never reaches the server; after: the server has answered so, and the
 * answer is not heard.
 */
export interface Cut {
  before?: string;
  after?: string;
  /** nothing gets through afterwards, until it is let */
  stays?: boolean;
}

/** A text is cut at only if it is one byte longer than this at most. */
const maxTextBytes = 6;

export async function aWire(url: string) {
  const target = new URL(url);
  let armed: Cut | null = null;
  let cuts = 0;
  let open = true;
  const server = createServer((client: Socket) => {
    if (!open) return void client.destroy();
    const upstream = connect(Number(target.port), target.hostname);
    const cut = () => {
      open = !armed?.stays;
      armed = null;
      cuts += 1;
      client.destroy();
      upstream.destroy();
    };
    // A long statement comes in several parts, and the text may lie across two of them.
    const finder = () => {
      let tail = Buffer.alloc(0);
      return (data: Buffer, text: string | undefined): boolean => {
        const all = Buffer.concat([tail, data]);
        tail = all.subarray(-maxTextBytes);
        return text !== undefined && all.includes(text);
      };
    };
    const [isAsked, isAnswered] = [finder(), finder()];
    client.on('data', (data) => (isAsked(data, armed?.before) ? cut() : void upstream.write(data)));
    upstream.on('data', (data) =>
      isAnswered(data, armed?.after) ? cut() : void client.write(data),
    );
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const)
      one.on('error', () => {}).on('close', () => other.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const through = new URL(url);
  through.hostname = '127.0.0.1';
  through.port = String((server.address() as AddressInfo).port);
  return {
    url: through.href,
    /** The next time that this passes by, the connection is cut. */
    arm: (cut: Cut) => (armed = cut),
    cuts: () => cuts,
    letThrough: () => (open = true),
  };
}
