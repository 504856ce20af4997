import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const folder = 'src/transitions/jobs';
const files = readdirSync(join(root, folder)).toSorted();

test('docs/states.md names each of them, and none that does not exist', () => {
  const [, section = ''] = /## engine\.job_runs\.status\n(.*?)\n## /s.exec(read('docs/states.md'))!;
  const named = [...section.matchAll(/`jobs\/([a-z-]+\.ts)`/g)].map(([, name]) => name!);
  expect([...new Set(named)].toSorted()).toEqual(files);
});

test('nothing else changes the status of a run of a job', () => {
  const others = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !`src/${file}`.startsWith(folder))
    .map((file) => `src/${file}`);
  const writes =
    /(UPDATE|INSERT INTO) engine\.job_runs(?! SET lease_until| r? ?SET lease_until)|(updateTable|insertInto)\('engine\.job_runs/;
  expect(others.length).toBeGreaterThan(300);
  expect(others.filter((file) => writes.test(read(file)))).toEqual([]);
});
