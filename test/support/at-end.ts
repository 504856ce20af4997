/** When what a test has opened is closed: at the end of the test, or of its file where several tests share it. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { afterAll, onTestFinished } from 'vitest';

type Close = () => unknown;

const kept = new AsyncLocalStorage<Close[]>();

/** Has `close` called when the test ends; within {@link keptForFile}, when its file is done. */
export function atEnd(close: Close): void {
  const closers = kept.getStore();
  if (closers) closers.push(close);
  else onTestFinished(async () => void (await close()));
}

/** Call it outside of tests. What `make` opens stays open until the file is done; the last is closed first. */
export function keptForFile(): <Made>(make: () => Promise<Made>) => Promise<Made> {
  const closers: Close[] = [];
  afterAll(async () => {
    for (const close of closers.toReversed()) await close();
  });
  return (make) => kept.run(closers, make);
}
