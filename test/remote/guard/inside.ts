/**
 * Asks remote bots at addresses to which no connection may go, by the function that calls them for a run, and counts the connections
 * that were begun. Prints a report. With an argument it expects a namespace in which every address is this machine's
 * (test/support/namespace.ts), and adds names, redirects and rebinding. TLS_CERT and TLS_KEY name the files of a certificate.
 */
import { subscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createHttps } from 'node:https';
import { connect, createServer, type Server } from 'node:net';
import { call } from '../../../src/remote/ask.ts';
import { problemOfEndpoint } from '../../../src/remote/endpoint.ts';
import { closedAddresses, closedIpv4, closedIpv6, inIpv6 } from './addresses.ts';
import { startResolver, type Zone } from './resolver.ts';

const isIsolated = process.argv.includes('--isolated');
/** Public addresses, which in the namespace are this machine's, too. */
const publicIpv4 = '93.184.216.34';
const publicIpv6 = '2606:2800:220:1::1';

let sockets = 0;
subscribe('net.client.socket', () => void (sockets += 1));

/** How many connections all processes of the namespace have begun, by the kernel. */
function opens(): number {
  const [names, values] = readFileSync('/proc/net/snmp', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('Tcp:'))
    .map((line) => line.split(' '));
  return Number(values![names!.indexOf('ActiveOpens')]);
}

/** What the work has begun: sockets of this process, and connections of the namespace. */
async function counted<Result>(work: () => Promise<Result>) {
  const before = { sockets, opens: opens() };
  const result = await work();
  return { result, sockets: sockets - before.sockets, opens: opens() - before.opens };
}

interface Outcome {
  answer?: { status: number; body: string };
  error?: string;
  fault?: string;
}

async function ask(url: string, hosts: string[]): Promise<Outcome> {
  const limits = { hosts, signal: new AbortController().signal, timeoutMs: 10_000 };
  try {
    const { status, body } = await call({ method: 'POST', url, body: '{}' }, limits);
    return { answer: { status, body } };
  } catch (error) {
    const { message, fault } = error as { message: string; fault?: string };
    return { error: message, ...(fault && { fault }) };
  }
}

const hostOf = (url: string): string[] => (URL.canParse(url) ? [new URL(url).hostname] : []);

/** The list names each host as a person could type it, and as it is read, without a port: only public addresses are allowed. */
async function literals() {
  const all = closedAddresses();
  const unexpected: unknown[] = [];
  for (const url of all) {
    const typed = /^https:[/\\]+([^/?#\\]*)/.exec(url)?.[1] ?? '';
    const withoutPort = typed.toLowerCase().replace(/:\d+$/, '');
    const outcome = await ask(url, [...hostOf(url), withoutPort, 'good.test']);
    const isUnreadable = problemOfEndpoint(url) !== null && !URL.canParse(url);
    if (outcome.fault !== 'refused' && !isUnreadable) unexpected.push({ url, outcome });
  }
  return { tried: all.length, unexpected };
}

/** A name that leads to a closed address, alone and beside public ones. */
async function names(zone: Zone) {
  const closed = [...closedIpv4, ...closedIpv6, ...closedIpv4.slice(0, 6).flatMap(inIpv6)];
  const unexpected: unknown[] = [];
  for (const [at, address] of closed.entries())
    for (const [way, found] of [
      [address],
      [publicIpv4, address],
      [address, publicIpv6, publicIpv4],
    ].entries()) {
      const name = `n${at}-${way}.out.test`;
      zone.set(name, () => found);
      const outcome = await ask(`https://${name}/`, [name]);
      if (outcome.fault !== 'refused') unexpected.push({ name, found, outcome });
    }
  return { tried: closed.length * 3, unexpected };
}

interface Reached {
  to: string;
  path: string;
}

async function listening(server: Server, port: number): Promise<Server> {
  server.listen(port, '::');
  await once(server, 'listening');
  return server;
}

const statuses = [300, 301, 302, 303, 304, 305, 306, 307, 308, 200];
const targets = ['https://127.0.0.1/', 'https://169.254.169.254/', 'http://10.0.0.1/', '//[::1]/'];

async function isolated() {
  const reached: Reached[] = [];
  const bare = (to: string) => to.replace(/^::ffff:/, '');
  const https = createHttps(
    { cert: readFileSync(process.env.TLS_CERT!), key: readFileSync(process.env.TLS_KEY!) },
    ({ url = '', socket }, response) => {
      reached.push({ to: bare(socket.localAddress ?? ''), path: url });
      const { searchParams } = new URL(url, 'https://here');
      const to = searchParams.get('to');
      const headers = to === null ? {} : { location: to, refresh: `0; url=${to}` };
      response.writeHead(Number(searchParams.get('status') ?? 200), headers).end();
    },
  );
  const silent = () => createServer((socket) => void socket.on('error', () => {}).end());
  const servers = [
    await listening(https, 443),
    await listening(silent(), 80),
    await listening(silent(), 8443),
    await listening(silent(), 3128),
  ];
  const zone: Zone = new Map([['good.test', () => [publicIpv4]]]);
  const resolver = await startResolver(zone);

  // The counters see a connection to an address that is closed, so that their zeroes mean something.
  const control = await counted(async () => {
    for (const host of ['10.0.0.1', '169.254.169.254', 'fd00:ec2::254', '64:ff9b::7f00:1']) {
      const socket = connect(8443, host);
      await once(socket, 'connect');
      socket.destroy();
    }
  });

  const closed = await counted(() => names(zone));

  zone.set('move.out.test', () => [publicIpv4]);
  const redirects = await counted(async () => {
    const followed: unknown[] = [];
    for (const status of statuses)
      for (const to of targets) {
        const path = `/?status=${status}&to=${encodeURIComponent(to)}`;
        const outcome = await ask(`https://move.out.test${path}`, ['move.out.test']);
        if (outcome.answer?.status !== status) followed.push({ path, outcome });
      }
    return { tried: statuses.length * targets.length, followed };
  });

  // Public at the first lookup, this machine's at each later one, and the other way round.
  const beforeRebinding = reached.length;
  zone.set('later.out.test', (lookup) => [lookup === 1 ? publicIpv4 : '127.0.0.1']);
  zone.set('first.out.test', (lookup) => [lookup === 1 ? '10.0.0.1' : publicIpv4]);
  zone.set('six.out.test', (lookup) => [lookup === 1 ? publicIpv6 : '::1']);
  const later = await counted(() => ask('https://later.out.test/', ['later.out.test']));
  const first = await counted(() => ask('https://first.out.test/', ['first.out.test']));
  const six = await counted(() => ask('https://six.out.test/', ['six.out.test']));
  const rebinding = {
    later: { ...later, lookups: resolver.lookups('later.out.test') },
    first: { ...first, lookups: resolver.lookups('first.out.test') },
    six: { ...six, lookups: resolver.lookups('six.out.test') },
    reached: reached.slice(beforeRebinding).map(({ to }) => to),
  };

  // A range lets the listed host lead to its addresses, and to no others.
  zone.set('app.out.test', () => ['10.1.2.3']);
  zone.set('mixed.out.test', () => ['10.1.2.3', '10.2.0.1']);
  const ranges = ['10.1.0.0/16', '100.64.0.0/10', 'fd00::/8'];
  zone.set('alibaba.out.test', () => ['100.100.100.200']);
  zone.set('amazon.out.test', () => ['fd00:ec2::254']);
  const range = {
    open: await counted(() => ask('https://app.out.test/', ['app.out.test', ...ranges])),
    closed: await counted(() =>
      Promise.all([
        ask('https://app.out.test/', ['app.out.test']),
        ask('https://app.out.test/', ranges),
        ask('https://10.1.2.3/', ranges),
        ...['mixed', 'alibaba', 'amazon'].map((name) =>
          ask(`https://${name}.out.test/`, [`${name}.out.test`, ...ranges]),
        ),
      ]),
    ),
  };

  resolver.close();
  for (const server of servers) server.close();
  https.closeAllConnections();
  return { control, names: closed, redirects, rebinding, range };
}

const report = {
  literals: await counted(literals),
  ...(isIsolated ? await isolated() : {}),
};
console.log(JSON.stringify(report));
