import type { Config } from '../../config.ts';
import { readPing } from '../../data/progress/pings.ts';
import type { Db } from '../../database/connect.ts';
import { span } from '../../ground/text.ts';
import { pingTimes } from '../ping/pinger.ts';
import type { Facts } from '../progress/facts.ts';
import { ok, warn, type Diagnosis } from './diagnosis.ts';

/**
 * Whether the outward ping is set, and when its receiver last accepted one. The doctor sends none: that would not show whether the
 * processes send theirs.
 */
export async function examinePing(
  db: Db,
  { pingUrl }: Config,
  { nodes }: Facts,
): Promise<Diagnosis> {
  const state = await readPing(db);
  const newest =
    state?.acceptedMs == null
      ? null
      : `taken ${span(Math.max(0, state.acceptedMs))} ago, from ${state.acceptedBy ?? 'a process that is not known'}`;
  const isFresh = state?.acceptedMs != null && state.acceptedMs <= pingTimes.failAfterMs;
  if (!pingUrl)
    return ok(
      'Ping',
      isFresh
        ? `ROUNDSMAN_PING_URL is not set here; the newest outward ping was ${newest}`
        : 'ROUNDSMAN_PING_URL is not set: when all of Roundsman stops, nothing elsewhere notices',
    );
  const { host } = new URL(pingUrl);
  if (isFresh && state.problem === null) return ok('Ping', `${host}: the newest was ${newest}`);
  const last = newest ? `the newest was ${newest}` : 'none was taken yet';
  if (!nodes.some(({ alive }) => alive))
    return warn('Ping', `${host}: ${last}; no process is alive to send one`, 'see Processes');
  const isUnsent = state === null || state.claimedMs > pingTimes.failAfterMs;
  return warn(
    'Ping',
    `${host}: ${last}; ${isUnsent ? 'no process sends one' : (state.problem ?? 'the next one is on its way')}`,
    isUnsent
      ? 'give the processes the same ROUNDSMAN_PING_URL and restart them'
      : 'see Progress; if that is well, check that ROUNDSMAN_PING_URL is the address that the receiver gave you, and that this network lets requests out',
  );
}
