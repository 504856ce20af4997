#!/usr/bin/env node
// Plain JavaScript, so that an old Node can read it. Roundsman itself is TypeScript, which Node 24 runs directly.
import { existsSync, readFileSync, statSync } from 'node:fs';
import * as modules from 'node:module';
import { constants as osConstants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const major = Number(process.versions.node.split('.')[0]);

/** Commands that run for hours, or put the engine together: they start from the sources, as the children of a worker do. */
const ofEngine = new Set(['up', 'round', 'demo', 'scheduler', 'worker', 'web']);

const isClone = existsSync(new URL('./cli.ts', import.meta.url));

/** The Node 24 of the package node-<platform>-<arch>, where the clone or the project has it; null without it. */
function bundledNode() {
  try {
    const name = `node-${process.platform}-${process.arch}/package.json`;
    return join(dirname(modules.createRequire(import.meta.url).resolve(name)), 'bin', 'node');
  } catch {
    return null;
  }
}

// NO_COLOR wins over FORCE_COLOR: with both set, Node would colour, and print a warning at every start.
if (process.env.NO_COLOR) delete process.env.FORCE_COLOR;

// Before anything is loaded, because the project says where `.env` is. Only before the command: some commands have a --config of their own.
takeProject(process.argv);

if (major >= 24) {
  const load = bundled() ?? beside;
  const { useCompileCache } = await load('compile-cache');
  useCompileCache();
  const { main } = await load('cli');
  await main(process.argv);
  // An open channel to a process manager would keep this process alive after it has stopped.
  if (process.connected) process.disconnect();
} else {
  const node = bundledNode();
  if (node) await handOver(node);
  else {
    console.error(`error: Roundsman needs Node 24, and this is Node ${process.versions.node}`);
    console.error('  why: it is written for what Node brings since version 24');
    console.error(
      isClone
        ? '  try: npm install (brings Node 24 along on Linux), or a newer Node'
        : '  try: a newer Node, or on Linux: npm install node-linux-' +
            `${process.arch}@24, which this command then starts`,
    );
    process.exitCode = 1;
  }
}

/** Takes `--config PATH` from the beginning of the command line; a path without a command shows the help. */
function takeProject(argv) {
  const [, given] = /^--config(?:=(.*))?$/s.exec(argv[2] ?? '') ?? [undefined, null];
  if (given === null) return;
  const path = given ?? argv[3];
  if (!path) return;
  argv.splice(2, given === undefined ? 2 : 1);
  process.env.ROUNDSMAN_CONFIG = path;
}

/**
 * In the package this file is not compiled, because npm takes one `bin` for both: Node runs no TypeScript under
 * node_modules, so there it starts the compiled module in dist/.
 */
function beside(name) {
  const path = isClone ? `./${name}.ts` : `../../dist/src/bin/${name}.js`;
  return import(new URL(path, import.meta.url).href);
}

/**
 * Loads a module from the few files that bundle.js wrote, which start in less than half of the time. Null where there are
 * none, for the engine's own commands, and in a clone once one of the files that bundle.js read has changed.
 */
function bundled() {
  const place = new URL(isClone ? '../../.commands/' : '../../dist/commands/', import.meta.url);
  if (ofEngine.has(process.argv[2]) || !existsSync(new URL('cli.js', place))) return null;
  if (isClone && !isOfTheseSources(place)) return null;
  return (name) => import(new URL(`${name}.js`, place).href);
}

function isOfTheseSources(place) {
  try {
    // Paths, because to make a URL for each of some 900 files takes three times as long as to ask for the files.
    const root = fileURLToPath(new URL('../../', import.meta.url));
    const read = JSON.parse(readFileSync(new URL('of.json', place), 'utf8'));
    for (let at = 0; at < read.length; at += 3) {
      const { mtimeMs, size } = statSync(root + read[at]);
      if (mtimeMs !== read[at + 1] || size !== read[at + 2]) return false;
    }
    return read.length > 0;
  } catch {
    // A file is gone, or the bundle is not to be read.
    return false;
  }
}

/**
 * Runs the command in that Node, and ends as soon as that process ends, with its result: without this a process
 * manager's channel would keep this process alive. Ctrl-C reaches both processes by itself. This process passes on
 * the other signals, and the end of its own parent.
 */
async function handOver(node) {
  const { spawn } = await import('node:child_process');
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
