/** What a connection to this address is, as this process sees it. */
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type pg from 'pg';
import { connectAlone } from '../../database/connect.ts';

export interface ConnectionFacts {
  /** what answers is not PostgreSQL itself: a pooler, which gives each connection a session of its own or not */
  isPooled: boolean;
  /** the version of TLS, and whether the certificate was checked; null without TLS */
  tls: { protocol: string; isVerified: boolean } | null;
  /** the other end is this host: a loopback address or a Unix socket */
  isLocal: boolean;
  /** the server's own folder, where it runs on this host and the login may know it; else null */
  dataFolder: string | null;
}

interface PgInternals {
  processID: number;
  connection: { stream: Socket | TLSSocket };
}

/** Opens one connection and closes it again. Rejects as a connection does that fails. */
export async function describeConnection(url: string): Promise<ConnectionFacts> {
  const client = await connectAlone(url, { name: 'roundsman doctor', statementTimeoutMs: 5_000 });
  try {
    const { processID, connection } = client as unknown as PgInternals;
    const { stream } = connection;
    const { pid, folder } = await sessionOf(client);
    const isLocal = stream.remoteAddress === undefined || isLoopback(stream.remoteAddress);
    return {
      isPooled: processID !== pid,
      tls:
        'encrypted' in stream && stream.encrypted
          ? { protocol: stream.getProtocol() ?? 'TLS', isVerified: stream.authorized }
          : null,
      isLocal,
      dataFolder: isLocal && isServer(pid) ? folder : null,
    };
  } finally {
    await client.end();
  }
}

async function sessionOf(client: pg.Client): Promise<{ pid: number; folder: string | null }> {
  const { rows } = await client.query<{ pid: number; folder: string | null }>(
    `SELECT pg_backend_pid() AS pid,
            CASE WHEN pg_has_role(session_user, 'pg_read_all_settings', 'USAGE') THEN current_setting('data_directory', true) END AS folder`,
  );
  return rows[0]!;
}

const isLoopback = (address: string): boolean =>
  /^(::ffff:)?127\./.test(address) || address === '::1';

/** Whether this process of this host is PostgreSQL: behind a tunnel, a loopback address leads to another host. */
function isServer(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('postgres');
  } catch {
    return false;
  }
}
