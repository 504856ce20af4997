/** Opens real child processes, in which the checks and remedies of an engine run. */
import { onTestFinished } from 'vitest';
import type { Bot, Remedy } from '../../src/bot.ts';
import { catalogueOf } from '../../src/catalogue/catalogue.ts';
import { endSessions, type Db } from '../../src/database/connect.ts';
import { openChildren, type PoolOptions } from '../../src/run/tasks/children.ts';
import { anEngine, type EngineOptions, type TestEngine } from './engine.ts';

export const entry = new URL('../../src/bin/child.ts', import.meta.url);

/** Opens children that load this module of bots. They are closed when the test ends. */
export function childrenOf(
  { db, url }: { db: Db; url: string },
  module: URL,
  { size = 2, memoryMb = 256, ...options }: Partial<PoolOptions> = {},
) {
  const children = openChildren({
    entry,
    catalogue: module,
    databaseUrl: url,
    size,
    memoryMb,
    onEnded: (name) => void endSessions(db, name).catch(() => {}),
    ...options,
  });
  onTestFinished(() => children.close());
  return children;
}

/** An engine whose checks and remedies run in real children, which load this module of bots. */
export async function engineWithChildren(
  module: URL,
  { bots, remedies }: { bots: Bot[]; remedies: Remedy[] },
  { size = 3, ...options }: Partial<PoolOptions> = {},
  engineOptions: EngineOptions = {},
): Promise<TestEngine> {
  const engine = await anEngine({ name: 'postgres' }, catalogueOf(bots, remedies), engineOptions);
  return { ...engine, children: childrenOf(engine, module, { size, ...options }) };
}
