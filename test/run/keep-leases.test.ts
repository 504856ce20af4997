import { expect, onTestFinished, test } from 'vitest';
import { keepRenewing } from '../../src/run/keep-leases.ts';

test('a start of a run that this process still executes stops the earlier start, whose lease has run out', () => {
  const leases = keepRenewing<any>(
    async () => [],
    () => {},
  );
  onTestFinished(() => leases.stop());
  const stopped: string[] = [];
  const start = (fence: string) => ({
    id: 'run',
    fence,
    stop: (why: string) => void stopped.push(`${fence} ${why}`),
  });
  const [first, second] = [start('1'), start('2')];
  leases.add(first);
  expect(stopped).toEqual([]);
  leases.add(second);
  expect(stopped).toEqual(['1 lost']);
  // The end of the earlier start takes nothing away from the later one.
  leases.remove(first);
  expect(leases.all()).toEqual([second]);
});
