/** A project of a new admin, and what is typed in it. */
import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { connect, type Db } from '../../src/database/connect.ts';
import { joinEmbedded } from '../../src/database/embedded/index.ts';
import { placeOfServers } from '../support/place-of-servers.ts';

// The Node of this test, wherever the shell's own PATH begins.
const PATH = [dirname(process.execPath), process.env.PATH].join(delimiter);

/** Longer than any command takes on a busy machine. */
const maxMs = 300_000;

export interface Who {
  uid?: number;
  gid?: number;
}

/** A directory that everybody may enter; in memory where there is enough of it and programs may run from there. */
export function placeOfProjects(): string {
  for (const above of [placeOfServers(), tmpdir()]) {
    const directory = mkdtempSync(join(above, 'roundsman-journey-'));
    chmodSync(directory, 0o755);
    writeFileSync(join(directory, 'try'), '#!/bin/sh\n', { mode: 0o755 });
    if (spawnSync(join(directory, 'try')).status === 0) return directory;
    rmSync(directory, { recursive: true });
  }
  throw new Error('no program can be started from a temporary directory');
}

const ownSettings = /^(DATABASE_URL|TEST_.*|ROUNDSMAN_.*|PG.*|VITEST.*|NODE_ENV)$/;

export interface Ended {
  code: number | null;
  out: string;
  err: string;
}

export interface Surroundings {
  /** the directory in which the project is made */
  home: string;
  /** npm's cache, which the users of a machine share */
  cache: string;
  who: Who;
  isOffline: boolean;
}

export class Machine {
  readonly home: string;
  readonly cache: string;
  readonly who: Who;
  readonly isOffline: boolean;

  constructor({ home, cache, who, isOffline }: Surroundings) {
    this.home = home;
    this.cache = cache;
    this.who = who;
    this.isOffline = isOffline;
  }

  /** npm's own settings, such as its registry and a proxy, are those of who runs the tests; a user without a network needs none. */
  environment(): NodeJS.ProcessEnv {
    const given = Object.entries(process.env).filter(([name]) => !ownSettings.test(name));
    return {
      ...(this.isOffline ? { npm_config_offline: 'true' } : Object.fromEntries(given)),
      PATH,
      HOME: this.isOffline ? this.home : process.env.HOME,
      NO_COLOR: '1',
      REDIS_URL: '',
      npm_config_cache: this.cache,
      npm_config_update_notifier: 'false',
    };
  }

  /** Runs a command to its end. */
  run(file: string, args: string[], cwd: string, more: NodeJS.ProcessEnv = {}): Promise<Ended> {
    const env = { ...this.environment(), ...more };
    const options = { cwd, env, ...this.who, timeout: maxMs, maxBuffer: 64 * 1024 ** 2 };
    return new Promise((resolve) => {
      const child = execFile(file, args, options, (_error, out, err) =>
        resolve({ code: child.exitCode, out, err }),
      );
    });
  }
}

export class Project {
  readonly machine: Machine;
  readonly directory: string;
  /** where its embedded database is */
  readonly home: string;

  constructor(machine: Machine, directory: string, home = join(directory, '.roundsman')) {
    this.machine = machine;
    this.directory = directory;
    this.home = home;
  }

  #settings(): NodeJS.ProcessEnv {
    return this.home === join(this.directory, '.roundsman') ? {} : { ROUNDSMAN_HOME: this.home };
  }

  npm(...args: string[]): Promise<Ended> {
    return this.machine.run('npm', args, this.directory, this.#settings());
  }

  /** `npx roundsman ...`, without the time that npm takes to find it. */
  roundsman(...args: string[]): Promise<Ended> {
    const command = join(this.directory, 'node_modules/.bin/roundsman');
    return this.machine.run(command, args, this.directory, this.#settings());
  }

  node(...args: string[]): Promise<Ended> {
    return this.machine.run(process.execPath, args, this.directory);
  }

  /** Changes a file; the text to be replaced has to be there. */
  edit(path: string, from: string, to: string): void {
    const file = join(this.directory, path);
    const text = readFileSync(file, 'utf8');
    if (!text.includes(from)) throw new Error(`${path} has no ${from}:\n${text.slice(0, 2_000)}`);
    writeFileSync(
      file,
      text.replace(from, () => to),
    );
  }

  /** `npm start`, until {@link Started.stop}, or the end of the test. */
  start(): Started {
    return new Started(
      spawn('npm', ['start'], {
        cwd: this.directory,
        ...this.machine.who,
        env: { ...this.machine.environment(), ...this.#settings() },
      }),
    );
  }

  /** Asks its embedded database, whether the project runs or not. */
  async ask<Result>(question: (db: Db) => Promise<Result>): Promise<Result> {
    const joined = await joinEmbedded(this.home, { create: false });
    const db = connect(joined.url, { name: 'journey' });
    try {
      return await question(db);
    } finally {
      await db.destroy();
      await joined.leave();
    }
  }
}

class Started {
  said = '';
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = once(child, 'close');
    for (const stream of [child.stdout!, child.stderr!])
      stream.setEncoding('utf8').on('data', (text: string) => (this.said += text));
  }

  /** Asks it to end, as Ctrl-C does, and waits until it has. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.#ended;
  }

  /** Has it end with the test, whatever becomes of that. */
  endWithTest(): this {
    onTestFinished(() => this.stop());
    return this;
  }
}
