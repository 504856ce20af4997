/**
 * Runs a bot for each address to which no connection may go, and one for a public address, by the command `round` and its worker, in a
 * namespace in which every address is this machine's (test/support/namespace.ts). Prints what became of the runs, and which
 * connections arrived. TLS_CERT and TLS_KEY name the files of a certificate.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttps } from 'node:https';
import { connect as connectTo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { sql } from 'kysely';
import { storeSealed } from '../../../src/data/secrets/rows.ts';
import { connect } from '../../../src/database/connect.ts';
import { startThrowaway } from '../../../src/database/embedded/throwaway.ts';
import { migrateToLatest } from '../../../src/database/migrate/migrate.ts';
import { readKeyRing } from '../../../src/ground/secrets/key-ring.ts';
import { migrateQueue } from '../../../src/queue/backend.ts';
import { closedAddresses, closedIpv4, closedIpv6 } from './addresses.ts';
import { startResolver, type Zone } from './resolver.ts';

const endpoint = (url: string) => ({ url, host: URL.canParse(url) ? new URL(url).hostname : '' });
const zone: Zone = new Map([['good.out.test', () => ['93.184.216.34']]]);
const named = [...closedIpv4, ...closedIpv6].flatMap((address, at) =>
  [[address], ['93.184.216.34', address]].map((found, way) => {
    const host = `n${at}-${way}.out.test`;
    zone.set(host, () => found);
    return { url: `https://${host}/api`, host };
  }),
);
const closed = [...closedAddresses().map(endpoint), ...named];

/** by port: the addresses at which connections arrived */
const arrived: string[] = [];
const note = ({ localAddress = '', localPort }: Socket) =>
  void arrived.push(`${localAddress.replace(/^::ffff:/, '')} ${localPort}`);

async function listening(server: Server, port: number): Promise<Server> {
  server.on('connection', note).listen(port, '::');
  await once(server, 'listening');
  return server;
}

const answer = JSON.stringify({ checks: [{ name: 'mails', examined: ['outbox'], findings: [] }] });
const https = createHttps(
  { cert: readFileSync(process.env.TLS_CERT!), key: readFileSync(process.env.TLS_KEY!) },
  (_, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end(answer),
);
const plain = () => createServer((socket) => void socket.on('error', () => {}).end());
await listening(https, 443);
await listening(plain(), 80);
await listening(plain(), 8443);
await startResolver(zone);

const directory = mkdtempSync(join(tmpdir(), 'roundsman-guard-'));
// PostgreSQL's account has to pass through it.
chmodSync(directory, 0o755);
const server = await startThrowaway(join(directory, 'server'), { fsync: false });
const db = connect(server.url);
await migrateToLatest(db);
await migrateQueue(server.url);

const ring = `k1:${randomBytes(32).toString('base64')}`;
await storeSealed(db, readKeyRing(ring), {
  name: 'BOT_KEY',
  value: `whsec_${randomBytes(32).toString('base64')}`,
  actor: 'ann',
});
const hosts = [...new Set(['good.out.test', ...closed.map(({ host }) => host)])];
await sql`INSERT INTO engine.settings (key, value) VALUES ('http_hosts', ${JSON.stringify(hosts)}::jsonb)`.execute(
  db,
);
const bots = [...closed, endpoint('https://good.out.test/api')].map(({ url }, at) => ({
  name: `bot-${at}`,
  display_name: `bot ${at}`,
  schedule_cron: '0 0 1 1 *',
  api_endpoint: url,
  config: JSON.stringify({ secrets: ['BOT_KEY'], timeout_seconds: 5 }),
  max_attempts: 1,
}));
await db.insertInto('bots').values(bots).execute();

const program = new URL('../../../src/bin/roundsman.js', import.meta.url).pathname;
const round = spawn(process.execPath, [program, 'round', ...bots.map(({ name }) => name)], {
  env: {
    ...process.env,
    DATABASE_URL: server.url,
    ROUNDSMAN_KEYS: ring,
    ROUNDSMAN_HOME: join(directory, 'home'),
    REDIS_URL: '',
    HTTPS_PROXY: 'http://10.0.0.1:80',
    NODE_USE_ENV_PROXY: '1',
  },
  stdio: ['ignore', 'ignore', 'pipe'],
});
const [said] = await Promise.all([text(round.stderr), once(round, 'close')]);

const runs = await db
  .selectFrom('bots as b')
  .leftJoin('bot_executions as e', 'e.bot_id', 'b.id')
  .select(['b.name', 'b.api_endpoint', 'b.status as bot', 'e.status', 'e.error_message'])
  .where('b.name', 'like', 'bot-%')
  .execute();
const duringRuns = [...arrived];

// The listeners see a connection to a closed address, so that their silence means something.
arrived.length = 0;
const control = connectTo(443, '169.254.169.254');
await once(control, 'connect');
control.destroy();

console.log(JSON.stringify({ runs, arrived: duringRuns, control: arrived, said }));
await db.destroy();
await server.stop();
rmSync(directory, { recursive: true, force: true });
process.exit(0);
