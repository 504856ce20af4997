import { defineConfig } from 'vitest/config';

// Test workers run on the Node that runs vitest, and `.ts` children of tests need this one.
if (!process.features.typescript)
  throw new Error(`Node ${process.version} is too old: run the tests with \`npm test\`.`);

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/support/global-setup.ts',
    pool: 'forks',
    // Each worker brings processes and connections of its own. With a third one the tests that contend for locks
    // meet lock timeouts.
    maxWorkers: 2,
    // Events are waited for, and on a busy machine they come late.
    expect: { poll: { timeout: 10_000 } },
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
