import { configDefaults, defineConfig } from 'vitest/config';
import long from './test/support/long-tests.json' with { type: 'json' };
import { SlowestFirst } from './test/support/slowest-first.ts';

// Test workers run on the Node that runs vitest, and `.ts` children of tests need this one.
if (!process.features.typescript)
  throw new Error(`Node ${process.version} is too old: run the tests with \`npm test\`.`);

/**
 * Long files that `npm run test:quick` runs all the same: every fault that can be planted is found by its bot, a new admin gets from the
 * tarball to the next release, a backup and an older database keep every row, and retention removes only what it may.
 */
const always = new Set([
  'bots/faults.test.ts',
  'init/journey.test.ts',
  'backup/round-trip.test.ts',
  'database/upgrade.test.ts',
  'jobs/retention.test.ts',
]);

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // `npm run test:quick` leaves out the files that take more than 10 s.
    exclude: [
      ...configDefaults.exclude,
      ...long
        .filter((file) => process.env.TESTS === 'quick' && !always.has(file))
        .map((file) => `test/${file}`),
    ],
    globalSetup: 'test/support/global-setup.ts',
    sequence: { sequencer: SlowestFirst },
    setupFiles: 'test/support/compile-cache.ts',
    pool: 'forks',
    // Each worker brings processes and connections of its own; many tests wait more than they work.
    maxWorkers: 4,
    // Events are waited for, and on a busy machine they come late.
    expect: { poll: { timeout: 10_000 } },
    // Only what hangs: on a busy machine real processes take several times as long.
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
