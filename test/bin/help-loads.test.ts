/** What the command line loads before it knows the command: `--help` must be fast. */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

const script = `
  const { registerHooks } = await import('node:module');
  const packages = new Set();
  registerHooks({
    load(url, context, next) {
      const name = /\\/node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(url)?.[1];
      if (name) packages.add(name);
      return next(url, context);
    },
  });
  const { main } = await import('./src/bin/cli.ts');
  await main(['node', 'roundsman', '--help']);
  process.stderr.write(JSON.stringify([...packages]));`;

test('of all packages, help loads only the one that parses the command line', () => {
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: process.env.HOME },
  });
  expect(stdout).toContain('Usage: roundsman');
  expect(JSON.parse(stderr)).toEqual(['commander']);
});
