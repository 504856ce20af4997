/** Workers that are stopped for longer than their lease in the middle of a request: each attempt has a `webhook-id` of its own. */
import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { hasOpenssl } from '../support/certificates.ts';
import { childrenOf, install } from '../support/installation.ts';
import { processScene, settled } from './process-scene.ts';
import { calm } from './scene.ts';

const checkout = install('slow-bots.ts');

/** Request 1 gets no answer; its worker is stopped, and its run is taken over. */
async function takenOver(whileStopped: (worker: number) => void) {
  const hung: { response: ServerResponse; isClosed: boolean }[] = [];
  const scene = await processScene(
    checkout,
    (count, response) => {
      if (count > 1) return void response.end(JSON.stringify(calm));
      const one = { response, isClosed: false };
      response.once('close', () => (one.isClosed = true));
      hung.push(one);
    },
    { timeout_seconds: 250 },
  );
  const worker = await scene.start('worker');
  const id = await scene.queued();
  await expect.poll(() => scene.seen.length, settled).toBe(1);
  process.kill(worker.pid, 'SIGSTOP');
  whileStopped(worker.pid);
  await scene.start('scheduler');
  await expect.poll(async () => (await scene.row(id)).status, settled).toBe('queued');
  process.kill(worker.pid, 'SIGCONT');
  await expect.poll(async () => (await scene.row(id)).status, settled).toBe('success');
  // The earlier attempt has ended when this is logged, so nothing of it can come any more.
  const lost = 'run was taken over; its results are dropped';
  await expect.poll(() => worker.lines().map(({ msg }) => msg), settled).toContain(lost);
  expect(await scene.row(id)).toMatchObject({ attempt: 2, checks_performed: 1 });
  return { asked: scene.asked(), isClosed: hung[0]!.isClosed };
}

test.runIf(hasOpenssl)(
  'the request of the attempt that was taken over is broken off, although the next one begins in the same worker',
  async () => {
    expect(await takenOver(() => {})).toEqual({ asked: ['1', '2'], isClosed: true });
  },
  180_000,
);

test.runIf(hasOpenssl)(
  'an attempt that was taken over does not ask again when its child has died meanwhile',
  async () => {
    const killChildren = (worker: number) =>
      childrenOf(worker).forEach((pid) => process.kill(pid, 'SIGKILL'));
    expect(await takenOver(killChildren)).toEqual({ asked: ['1', '2'], isClosed: true });
  },
  180_000,
);
