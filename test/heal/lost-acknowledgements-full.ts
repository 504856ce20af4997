/**
 * Lost acknowledgements by the thousand: `node test/heal/lost-acknowledgements-full.ts [cut connections]
 * [killed children] [killed workers]`, 1,600, 400 and 50 unless told. Takes about half an hour, prints what
 * came of them, and exits 1 if an effect was doubled or lost.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const [cuts = '1600', children = '400', workers = '50'] = process.argv.slice(2);
const vitest = new URL('../../node_modules/vitest/vitest.mjs', import.meta.url).pathname;
const tests = spawn(
  process.execPath,
  [vitest, 'run', 'test/heal/lost-acknowledgements.test.ts', '--reporter=verbose'],
  {
    cwd: new URL('../..', import.meta.url),
    env: {
      ...process.env,
      LOST_CUTS: cuts,
      LOST_CHILD_KILLS: children,
      LOST_WORKER_KILLS: workers,
    },
    stdio: 'inherit',
  },
);
const [code] = (await once(tests, 'exit')) as [number | null];
process.exitCode = code ?? 1;
