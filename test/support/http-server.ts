/** Starts real HTTP servers on this machine, which are closed when the test ends. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { atEnd } from './at-end.ts';

export interface Served {
  url: string;
  host: string;
  port: number;
}

export const serveHttp = (listener: RequestListener): Promise<Served> =>
  listen(createServer(listener), 'http', '127.0.0.1');

/** `chain`: files of certificates that the server sends after its own. `name`: 127.0.0.1, or localhost. */
export const serveHttps = (
  listener: RequestListener,
  { cert, key }: { cert: string; key: string },
  { chain = [], name = '127.0.0.1' }: { chain?: string[]; name?: '127.0.0.1' | 'localhost' } = {},
): Promise<Served> => {
  const sent = [cert, ...chain].map((file) => readFileSync(file, 'utf8')).join('\n');
  return listen(
    createSecureServer({ cert: sent, key: readFileSync(key) }, listener),
    'https',
    name,
  );
};

async function listen(server: Server, scheme: string, name: string): Promise<Served> {
  server.listen(0, name);
  await once(server, 'listening');
  atEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `${scheme}://${name}:${port}`, host: `${name}:${port}`, port };
}
