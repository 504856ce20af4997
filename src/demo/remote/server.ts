/** The route of the fictional platform that the demo's remote bot calls: real TLS on loopback, and real signatures. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';
import { certificateOfLoopback } from './certificate.ts';

export interface RemoteRoute {
  /** the address of the bot */
  url: string;
  /** its host and port, as `http_hosts` names them */
  host: string;
  /** a file with the certificate: for NODE_EXTRA_CA_CERTS of the processes that call the route */
  ca: string;
  /** the key with which calls are signed */
  secret: string;
  stop(): void;
}

/** What the route finds, in the shape of the contract `signed` (docs/remote-bots.md). */
const answer = {
  checks: [
    {
      name: 'outbox',
      examined: ['newsletter'],
      findings: [
        {
          title: '412 newsletters wait to be sent',
          description: 'The oldest waits for 26 hours. The sender takes 40 an hour.',
          component: 'newsletter',
          severity: 'medium',
          category: 'mail',
        },
      ],
      figures: [{ name: 'waiting newsletters', value: 412 }],
    },
  ],
};

/** The longest time that a demo can take: its certificate ends then. */
const hours = 1;

/** Starts the route on a free port. The private key stays in this process; the certificate is in a directory for this account alone. */
export async function startRemoteRoute(): Promise<RemoteRoute> {
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const webhook = new Webhook(secret);
  const { cert, key } = certificateOfLoopback(new Date(), hours);
  const server = createServer({ cert, key }, (incoming, outgoing) => {
    void text(incoming).then((body) => {
      try {
        webhook.verify(body, incoming.headers as Record<string, string>);
      } catch {
        return outgoing.writeHead(401).end('the signature does not fit');
      }
      return outgoing
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify(answer));
    }, outgoing.destroy.bind(outgoing));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const directory = mkdtempSync(join(tmpdir(), 'roundsman-demo-certificate-'));
  const ca = join(directory, 'ca.crt');
  writeFileSync(ca, cert);
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `https://${host}/api/bots/newsletter`,
    host,
    ca,
    secret,
    stop() {
      server.closeAllConnections();
      server.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
