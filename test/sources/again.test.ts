/** Sentry sends the same bytes for the same issue: what is another occurrence, what is a repetition, and what is a copy of an old one. */
import { expect, test } from 'vitest';
import { sentryIssue } from './examples.ts';
import { sourceScene } from './scene.ts';

const secret = 'the-client-secret';

async function sentryScene() {
  const scene = await sourceScene({
    kind: 'sentry',
    stored: { IN_KEY: secret },
    config: { severity: 'low' },
  });
  const at = (seconds: number) => ({
    'sentry-hook-resource': 'issue',
    'sentry-hook-timestamp': String(Math.floor(Date.now() / 1_000) + seconds),
    'request-id': crypto.randomUUID(),
  });
  return {
    ...scene,
    /** What Sentry sends for an action: its bytes depend on the issue alone. `seconds`: how much earlier its header says that it was sent. */
    issue: (action: string, { seconds = 0, lastSeen = '2026-11-30T10:00:00.000Z' } = {}) =>
      scene.send(
        { ...sentryIssue, action, data: { issue: { ...sentryIssue.data.issue, lastSeen } } },
        at(seconds),
        secret,
      ),
    open: async () =>
      (await scene.findings()).filter(({ resolved_at }) => resolved_at === null).length,
    async read(hear: () => Promise<number>) {
      expect(await hear()).toBe(202);
      await scene.round();
    },
  };
}

test('resolved, reopened and resolved again with the same bytes: the second end counts', async () => {
  const { issue, read, open, inbox } = await sentryScene();
  await read(() => issue('created'));
  await read(() => issue('resolved'));
  expect(await open()).toBe(0);
  await read(() => issue('unresolved'));
  expect(await open()).toBe(1);
  await read(() => issue('resolved'));
  expect(await open()).toBe(0);
  await read(() => issue('unresolved'));
  expect(await open()).toBe(1);
  expect(await inbox()).toHaveLength(5);
});

test('a failed sending that Sentry repeats is the same delivery', async () => {
  const { issue, inbox, age } = await sentryScene();
  await issue('created');
  await age(5);
  await issue('created');
  await age(10);
  await issue('created');
  expect(await inbox()).toHaveLength(1);
  await age(21);
  await issue('created');
  expect(await inbox()).toHaveLength(2);
});

test('a copy of last week does nothing, though its state was overtaken since', async () => {
  const { issue, read, open, inbox, age } = await sentryScene();
  await read(() => issue('created'));
  await read(() => issue('resolved'));
  await read(() => issue('unresolved'));
  await age(7 * 24 * 60);
  await read(() => issue('resolved', { seconds: -7 * 24 * 3_600 }));
  expect(await open()).toBe(1);
  expect(await inbox()).toHaveLength(3);
});

test('and with another time in its header, which is not signed, it does nothing once the issue had events since', async () => {
  const { issue, read, open, age } = await sentryScene();
  await read(() => issue('created'));
  await read(() => issue('resolved'));
  await read(() => issue('unresolved', { lastSeen: '2026-11-30T18:00:00.000Z' }));
  await age(7 * 24 * 60);
  await read(() => issue('resolved'));
  expect(await open()).toBe(1);
});

test('an event of some minutes before the newest one does not undo what a person did since', async () => {
  const { issue, read, open } = await sentryScene();
  await read(() => issue('created', { lastSeen: '2026-11-30T10:00:20.000Z' }));
  await read(() => issue('resolved', { lastSeen: '2026-11-30T10:00:00.000Z' }));
  expect(await open()).toBe(0);
});
