#!/usr/bin/env node
// Plain JavaScript, so that an old Node can read it. Roundsman itself is TypeScript, which Node 24 runs directly.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as modules from 'node:module';
import { constants as osConstants } from 'node:os';
import { dirname, join } from 'node:path';

const major = Number(process.versions.node.split('.')[0]);

/** The Node 24 of the package node-<platform>-<arch>, where the clone or the project has it; null without it. */
function bundledNode() {
  try {
    const name = `node-${process.platform}-${process.arch}/package.json`;
    return join(dirname(modules.createRequire(import.meta.url).resolve(name)), 'bin', 'node');
  } catch {
    return null;
  }
}

if (major >= 24) {
  const { useCompileCache } = await beside('compile-cache');
  useCompileCache();
  const { main } = await beside('cli');
  await main(process.argv);
  // An open channel to a process manager would keep this process alive after it has stopped.
  if (process.connected) process.disconnect();
} else {
  const node = bundledNode();
  if (node) handOver(node);
  else {
    console.error(`error: Roundsman needs Node 24, and this is Node ${process.versions.node}`);
    console.error('  why: it is written for what Node brings since version 24');
    const clone = existsSync(new URL('./cli.ts', import.meta.url));
    console.error(
      clone
        ? '  try: npm install (brings Node 24 along on Linux), or a newer Node'
        : '  try: a newer Node, or on Linux: npm install node-linux-' +
            `${process.arch}@24, which this command then starts`,
    );
    process.exitCode = 1;
  }
}

/**
 * In the package this file is not compiled, because npm takes one `bin` for both: Node runs no TypeScript under
 * node_modules, so there it starts the compiled module in dist/.
 */
function beside(name) {
  const source = new URL(`./${name}.ts`, import.meta.url);
  const compiled = new URL(`../../dist/src/bin/${name}.js`, import.meta.url);
  return import((existsSync(source) ? source : compiled).href);
}

/**
 * Runs the command in that Node, and ends as soon as that process ends, with its result: without this a process
 * manager's channel would keep this process alive. Ctrl-C reaches both processes by itself. This process passes on
 * the other signals, and the end of its own parent.
 */
function handOver(node) {
  const child = spawn(node, process.argv.slice(1), {
    stdio: 'inherit',
    // If this process is killed, the other one notices that its parent is gone.
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
  // As in wrapper.ts: npm's shell does not pass signals on.
  const parent = process.ppid;
  const orphaned = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(orphaned);
    child.kill('SIGTERM');
  }, 500).unref();
  if (!process.env.npm_execpath || parent <= 1) clearInterval(orphaned);
}
