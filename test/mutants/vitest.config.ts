import { defineConfig } from 'vitest/config';

/** For test files that ask no server: without one each of them takes a second. */
export default defineConfig({ test: { include: ['test/**/*.test.ts'], pool: 'forks' } });
