#!/usr/bin/env node
// Plain JavaScript, so that an old Node can read it: Roundsman itself is TypeScript that Node 24 runs as it is.
import { spawnSync } from 'node:child_process';
import { createRequire, enableCompileCache } from 'node:module';
import { dirname, join } from 'node:path';

const major = Number(process.versions.node.split('.')[0]);

/** The Node 24 that `npm install` put beside us as an optional package; null without it. */
function bundledNode() {
  try {
    const name = `node-${process.platform}-${process.arch}/package.json`;
    return join(dirname(createRequire(import.meta.url).resolve(name)), 'bin', 'node');
  } catch {
    return null;
  }
}

if (major >= 24) {
  enableCompileCache();
  const { main } = await import('./cli.ts');
  await main(process.argv);
} else {
  const node = bundledNode();
  const ran = node && spawnSync(node, process.argv.slice(1), { stdio: 'inherit' });
  if (!ran || ran.error) {
    console.error(`error: Roundsman needs Node 24, and this is Node ${process.versions.node}`);
    console.error('  try: npm install (brings Node 24 along on Linux), or a newer Node');
    process.exit(1);
  }
  if (ran.signal) process.kill(process.pid, ran.signal);
  process.exit(ran.status ?? 1);
}
