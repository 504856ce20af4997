/** What the architect costs at GitHub, by GitHub's own way of counting. */
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { testDatabase } from '../support/database.ts';
import {
  architectScene,
  asking,
  daysAgo,
  dependency,
  failing,
  minutesAgo,
  repo,
} from './architect-scene.ts';

test('200 repositories cost at most 60 points an hour, by what GitHub counts', async () => {
  const { db } = await testDatabase();
  const repositories = Array.from({ length: 200 }, (_, at) =>
    repo(`acme/r${at}`, {
      ...(at % 20 === 0 && { commits: failing(4) }),
      keys: [{ id: at, title: 'x', read_only: true, created_at: daysAgo(5).toISOString() }],
    }),
  );
  const { run, state } = await architectScene(db, repositories);
  state.dependabot = Array.from({ length: 150 }, (_, at) =>
    dependency(`acme/r${at}`, at + 1, 'high', daysAgo(20)),
  );
  const remembered = new Map<string, unknown>();
  const said: number[] = [];
  for (const minutes of [0, 15, 30, 45]) {
    const at = minutesAgo(-minutes);
    const runId = randomUUID();
    for (const check of asking) {
      const result = await run(check, { at, runId, remembered: remembered.get(check) ?? null });
      if (result.remember !== undefined) remembered.set(check, result.remember);
      for (const { name, value } of result.figures ?? [])
        if (name === 'points' || name.startsWith('points of')) said.push(value);
    }
  }
  expect(state.points).toBeLessThanOrEqual(60);
  expect(said.reduce((sum, each) => sum + each, 0)).toBe(state.points);
});
