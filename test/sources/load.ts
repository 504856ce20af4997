/** Sends many deliveries to a listener in a process of its own, and kills that process in between. */
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { kindOf } from '../../src/sources/kinds/index.ts';
import { signingKey } from './key.ts';

export interface LoadOptions {
  /** starts the listener on this port, and resolves when it takes deliveries */
  start(): Promise<{ kill(): void }>;
  port: number;
  perSecond: number;
  seconds: number;
  /** after how many seconds the listener is killed and started anew; none: never */
  killsAt?: readonly number[];
}

export interface LoadResult {
  /** ids that were answered with 202 */
  accepted: Set<string>;
  /** ids that were sent */
  sent: number;
  /** sendings that failed, because the listener was gone or busy; each was sent again */
  failed: number;
  /** milliseconds from the first sending of a delivery to its 202, in ascending order */
  latenciesMs: number[];
  /** seconds until the last delivery was answered */
  seconds: number;
}

/** How often a delivery is tried: senders try for hours, and the test for a minute. */
const triesForMs = 60_000;

export async function load({
  start,
  port,
  perSecond,
  seconds,
  killsAt = [],
}: LoadOptions): Promise<LoadResult> {
  let listener = await start();
  const agent = new Agent({ keepAlive: true, maxSockets: 128 });
  const accepted = new Set<string>();
  const latenciesMs: number[] = [];
  let failed = 0;

  async function post(body: string, headers: Record<string, string>): Promise<number> {
    const sending = request({
      host: '127.0.0.1',
      port,
      path: '/in/alarms',
      method: 'POST',
      agent,
      headers,
    });
    sending.end(body);
    const [response] = await once(sending, 'response');
    response.resume();
    await once(response, 'end');
    return response.statusCode;
  }

  async function deliver(n: number): Promise<void> {
    const body = JSON.stringify({
      alarms: [{ key: `k${n % 100}`, state: 'firing', title: `alarm ${n}` }],
    });
    const headers = await kindOf('plain').sign(body, signingKey, new Date());
    const began = performance.now();
    while (performance.now() - began < triesForMs) {
      const status = await post(body, headers).catch(() => 0);
      if (status === 202) {
        accepted.add(headers['webhook-id']!);
        latenciesMs.push(performance.now() - began);
        return;
      }
      failed += 1;
      await sleep(100);
    }
  }

  const began = performance.now();
  const open: Promise<void>[] = [];
  const kills = (async () => {
    for (const at of killsAt) {
      await sleep(Math.max(0, at * 1_000 - (performance.now() - began)));
      listener.kill();
      listener = await start();
    }
  })();
  const total = perSecond * seconds;
  for (let sent = 0; sent < total;) {
    const due = Math.min(total, Math.ceil(((performance.now() - began) / 1_000) * perSecond));
    for (; sent < due; sent += 1) open.push(deliver(sent));
    await sleep(5);
  }
  await Promise.all([...open, kills]);
  agent.destroy();
  listener.kill();
  return {
    accepted,
    sent: open.length,
    failed,
    latenciesMs: latenciesMs.toSorted((a, b) => a - b),
    seconds: (performance.now() - began) / 1_000,
  };
}
