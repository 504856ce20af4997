import { onTestFinished } from 'vitest';
import { catalogueOf } from '../../src/catalogue/catalogue.ts';
import type { Bot, Remedy } from '../../src/bot.ts';
import { endSessions } from '../../src/database/connect.ts';
import { openChildren, type PoolOptions } from '../../src/run/tasks/children.ts';
import { anEngine, type TestEngine } from '../support/engine.ts';

export const entry = new URL('../../src/bin/child.ts', import.meta.url);

/** An engine whose checks and remedies run in real children, which load this module of bots. */
export async function engineWithChildren(
  module: URL,
  { bots, remedies }: { bots: Bot[]; remedies: Remedy[] },
  { size = 3, memoryMb = 256, ...options }: Partial<PoolOptions> = {},
): Promise<TestEngine> {
  const engine = await anEngine({ name: 'postgres' }, catalogueOf(bots, remedies));
  const children = openChildren({
    entry,
    catalogue: module,
    databaseUrl: engine.url,
    size,
    memoryMb,
    onEnded: (name) => void endSessions(engine.db, name).catch(() => {}),
    ...options,
  });
  onTestFinished(() => children.close());
  return { ...engine, children };
}
