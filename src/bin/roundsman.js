#!/usr/bin/env node
// Plain JavaScript, so that an old Node can read it: Roundsman itself is TypeScript that Node 24 runs as it is.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as modules from 'node:module';
import { constants as osConstants } from 'node:os';
import { dirname, join } from 'node:path';

const major = Number(process.versions.node.split('.')[0]);

/** The Node 24 that `npm install` put beside us as an optional package; null without it. */
function bundledNode() {
  try {
    const name = `node-${process.platform}-${process.arch}/package.json`;
    return join(dirname(modules.createRequire(import.meta.url).resolve(name)), 'bin', 'node');
  } catch {
    return null;
  }
}

if (major >= 24) {
  const { keepCompiled } = await beside('compile-cache');
  keepCompiled();
  const { main } = await beside('cli');
  await main(process.argv);
  // A process manager's channel would keep a process alive that has stopped.
  if (process.connected) process.disconnect();
} else {
  const node = bundledNode();
  if (node) handOver(node);
  else {
    console.error(`error: Roundsman needs Node 24, and this is Node ${process.versions.node}`);
    console.error('  why: it is TypeScript that Node runs as it is');
    console.error('  try: npm install (brings Node 24 along on Linux), or a newer Node');
    process.exitCode = 1;
  }
}

/**
 * In the package this file stands alone, because npm takes one `bin` for both: Node runs no TypeScript under
 * node_modules, so what it starts there is the compiled module in dist/.
 */
function beside(name) {
  const source = new URL(`./${name}.ts`, import.meta.url);
  const compiled = new URL(`../../dist/src/bin/${name}.js`, import.meta.url);
  return import((existsSync(source) ? source : compiled).href);
}

/**
 * Ends as that process ends, at once: a process manager's channel would keep this one alive without it. Ctrl-C
 * reaches both by itself; the other signals are passed on, and so is the end of whoever started us.
 */
function handOver(node) {
  const child = spawn(node, process.argv.slice(1), {
    stdio: 'inherit',
    // When this process is killed, that one learns it by its parent.
    env: { ...process.env, ROUNDSMAN_HANDED_OVER_BY: String(process.pid) },
  });
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGQUIT', 'SIGHUP'])
    process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    console.error(`error: Node 24 could not be started: ${error.message}`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => process.exit(code ?? 128 + osConstants.signals[signal]));
  // As in wrapper.ts: npm's shell passes no signal on.
  const parent = process.ppid;
  const orphaned = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(orphaned);
    child.kill('SIGTERM');
  }, 500).unref();
  if (!process.env.npm_execpath || parent <= 1) clearInterval(orphaned);
}
