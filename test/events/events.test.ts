/** Events as such: who hears them, and what the log makes of them. */
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { openEvents } from '../../src/events/events.ts';
import { kinds, type EngineEvent, type EventName } from '../../src/events/kinds.ts';
import { eventsTo } from '../../src/events/log-events.ts';

test('each subscriber hears each event in order, until its subscription ends', () => {
  const { emit, subscribe } = openEvents();
  const heard: string[] = [];
  emit('tick.missed', {});
  const stop = subscribe(({ name }) => heard.push(`one ${name}`));
  subscribe(({ name }) => heard.push(`two ${name}`));
  emit('tick.works_again', { times: 3 });
  stop();
  emit('worker.replaced', {});
  expect(heard).toEqual(['one tick.works_again', 'two tick.works_again', 'two worker.replaced']);
});

test('a subscriber that throws breaks nothing, is told to the others, and hears no more', () => {
  const { emit, subscribe } = openEvents();
  const heard: EngineEvent[] = [];
  let asked = 0;
  subscribe(() => {
    asked += 1;
    throw new Error('no disk');
  });
  subscribe((event) => heard.push(event));
  emit('tick.missed', {});
  emit('tick.missed', {});
  expect(asked).toBe(1);
  expect(heard.map(({ name }) => name)).toEqual([
    'subscriber.failed',
    'tick.missed',
    'tick.missed',
  ]);
  expect(heard[0]!.facts).toMatchObject({ err: { message: 'no disk' } });
});

test('the log writes one line an event: its level, its facts, its sentence', () => {
  const lines: object[] = [];
  const log = pino(
    { level: 'info', base: {} },
    { write: (line: string) => lines.push(JSON.parse(line)) },
  );
  const { emit } = eventsTo(log);
  emit('timer.failed', { err: new Error('gone'), times: 2, timer: 'rescue' });
  emit('run.started', { run: '1', bot: 'watch', attempt: 1, trigger: 'manual' });
  expect(lines).toMatchObject([
    { level: 50, msg: 'rescue failed', times: 2, err: { message: 'gone' } },
  ]);
});

test('names are a noun and what became of it, and sentences are told once', () => {
  const names = Object.keys(kinds) as EventName[];
  expect(names.filter((name) => !/^([a-z_]+\.[a-z_]+|rescued)$/.test(name))).toEqual([]);
});
