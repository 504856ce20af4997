import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

test('messages of node-cron are lines of the log, and not coloured lines beside it', async () => {
  const file = fileURLToPath(new URL('./failing-ticker.ts', import.meta.url));
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [file]);
  const said = stdout.trim().split('\n');
  expect(said.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { from: 'node-cron', level: 50, err: { message: 'the tick broke' } },
  ]);
  expect(stderr).toBe('');
});
