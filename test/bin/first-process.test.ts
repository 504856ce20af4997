/** In a container without an init process, Node is the first process. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { migrateQueue } from '../../src/queue/backend.ts';
import { testDatabase } from '../support/database.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const unshare = ['--pid', '--fork', '--mount-proc', '--kill-child=SIGKILL'];
const cannot = spawnSync('unshare', [...unshare, 'true']).status !== 0;

/** Runs a command in a new process namespace: after the program `first`, or as its first process. */
async function inContainer(url: string, command: string, first: string[] = []) {
  const node = [process.execPath, 'src/bin/roundsman.js', command];
  const { PATH, HOME } = process.env;
  const child = spawn('unshare', [...unshare, ...first, ...node], {
    cwd: root,
    env: { PATH, HOME, NO_COLOR: '1', DATABASE_URL: url },
  });
  const ended = once(child, 'close');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  return { ended, out: () => out };
}

/** The `exit` keeps the shell from replacing itself by the command, which would then be the first process. */
const anInit = ['sh', '-c', '"$0" "$@"; exit $?'];

test.skipIf(cannot)(
  'the doctor warns where the first process is Node, and only there',
  async () => {
    const { url } = await testDatabase();
    const bare = await inContainer(url, 'doctor');
    await bare.ended;
    expect(bare.out()).toMatch(
      /^warn +Process 1 +process 1 is node: .* zombies .*\n +try: .*--init/m,
    );
    const behind = await inContainer(url, 'doctor', anInit);
    await behind.ended;
    expect(behind.out()).toContain('Node');
    expect(behind.out()).not.toContain('Process 1');
  },
);

test.skipIf(cannot)('a worker says so in its log when it starts', async () => {
  const { url } = await testDatabase();
  await migrateQueue(url);
  const worker = await inContainer(url, 'worker');
  await expect.poll(worker.out, { timeout: 20_000, interval: 50 }).toContain('"started"');
  expect(worker.out()).toMatch(/"hint":"put an init before it: .*"msg":"process 1 is node/);
});
