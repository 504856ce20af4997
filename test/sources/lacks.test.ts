/** A source that takes deliveries and can raise no alarm says so, wherever it is shown. */
import { expect, test } from 'vitest';
import { listSources } from '../../src/services/sources/read.ts';
import { testSource } from '../../src/services/sources/test.ts';
import { sourceScene } from './scene.ts';

const kind = 'standard-webhooks';
const noFiring = expect.stringContaining('`firing` names no type');
const noResolved = expect.stringContaining('`resolved` names no type');
const ann = { name: 'ann', role: 'admin' } as const;

test.each([
  [{ firing: [], resolved: [] }, [noFiring, noResolved]],
  [{ firing: ['opened'], resolved: [] }, [noResolved]],
  [{ firing: ['opened'], resolved: ['closed'] }, []],
])('a list says what %j lacks', async (config, lacks) => {
  const { db, keys } = await sourceScene({ kind, config });
  const here = { webHost: '127.0.0.1', webPort: 1, keys, variable: () => undefined };
  expect(await listSources(db, here)).toMatchObject([{ name: 'alarms', problem: null, lacks }]);
});

test('and a test of it does not call it well', async () => {
  const { db, keys, url, round } = await sourceScene({ kind });
  const sources = { keys, variable: () => undefined };
  const tested = await testSource(
    { db, actor: ann, sources },
    { source: 'alarms', url: `${url}/in/alarms`, onWait: () => void round() },
  );
  expect(tested.ok).toBe(false);
  expect(tested.points.filter(({ ok }) => !ok)).toEqual([
    { ok: false, what: 'its settings say what an alarm is', why: noFiring },
  ]);
});
