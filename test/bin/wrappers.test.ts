/** Programs through which we are started and stopped: npm, npx, nohup, an older Node, a terminal. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { queueManualRun } from '../../src/services/runs/queue.ts';
import { connect, type Db } from '../../src/database/connect.ts';
import { tryLock } from '../../src/database/embedded/locks.ts';
import { findPostmaster } from '../../src/database/embedded/postmaster.ts';
import { migrateQueue } from '../../src/queue/backend.ts';
import { testDatabase } from '../support/database.ts';
import { rowOf } from '../support/runs.ts';
import { install, isAlive } from '../support/installation.ts';

const checkout = install('slow-bots.ts');
const settled = { timeout: 20_000, interval: 50 };

// The Node of this test comes first; npm stays where it was.
const PATH = [dirname(process.execPath), process.env.PATH].join(delimiter);

interface Wrapped {
  child: ChildProcess;
  out(): string;
  ended: Promise<number | null>;
}

function run(command: string, args: string[], env: NodeJS.ProcessEnv, ipc = false): Wrapped {
  const child = spawn(command, args, {
    cwd: checkout,
    env: {
      PATH,
      HOME: process.env.HOME,
      NO_COLOR: '1',
      npm_config_update_notifier: 'false',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe', ...(ipc ? (['ipc'] as const) : [])],
    // In a new process group, so that the test can end all of it.
    detached: true,
  });
  let heard = '';
  for (const stream of [child.stdout!, child.stderr!])
    stream.setEncoding('utf8').on('data', (text: string) => (heard += text));
  // Its end and all that it wrote: 'exit' may come before the last text has been read.
  const ended = once(child, 'close').then(() => child.exitCode);
  onTestFinished(async () => {
    try {
      process.kill(-child.pid!, 'SIGKILL');
    } catch {
      // All of it has ended.
    }
    await ended;
  });
  return { child, out: () => heard, ended };
}

/** The ids of our processes in this checkout, from /proc. */
const ours = (): number[] =>
  fs.readdirSync('/proc').flatMap((name) => {
    try {
      const command = fs.readFileSync(`/proc/${name}/cmdline`, 'utf8');
      const here = fs.readlinkSync(`/proc/${name}/cwd`) === checkout;
      return here && command.includes('roundsman') ? [Number(name)] : [];
    } catch {
      return [];
    }
  });

async function scene() {
  const { db, url } = await testDatabase();
  await migrateQueue(url);
  return { db, url, env: { DATABASE_URL: url, REDIS_URL: '' } };
}

async function carried(db: Db, name: string): Promise<string> {
  const { id } = await db
    .selectFrom('bots')
    .select('id')
    .where('name', '=', name)
    .executeTakeFirstOrThrow();
  const run = (await queueManualRun(db, id)).id;
  await expect.poll(async () => (await rowOf(db, run)).status, settled).toBe('running');
  return run;
}

test.each([
  ['npm start', ['start'], 'BullMQ on postgres', 'Stopped.'],
  ['npx roundsman worker', ['roundsman', 'worker'], '"msg":"started"', '"msg":"stopped"'],
])(
  'SIGTERM to %s reaches the engine: running bots end, and nothing is left behind',
  async (line, args, begun, stopped) => {
    const { db, env } = await scene();
    const wrapped = run(line.split(' ')[0]!, args, env);
    await expect.poll(() => wrapped.out(), settled).toContain(begun);
    const id = await carried(db, 'two-seconds');
    wrapped.child.kill('SIGTERM');
    await wrapped.ended;
    await expect.poll(() => wrapped.out(), settled).toContain(stopped);
    expect(await rowOf(db, id)).toMatchObject({ status: 'success', attempt: 1 });
    await expect.poll(ours, settled).toEqual([]);
  },
  60_000,
);

test('SIGHUP does not end a process without a terminal, as nohup promises', async () => {
  const { db, env } = await scene();
  const worker = run('nohup', [process.execPath, 'src/bin/roundsman.js', 'worker'], env);
  await expect.poll(() => worker.out(), settled).toContain('"msg":"started"');
  worker.child.kill('SIGHUP');
  const id = await carried(db, 'quick');
  await expect.poll(async () => (await rowOf(db, id)).status, settled).toBe('success');
  expect(worker.out()).not.toContain('asked to stop');
  worker.child.kill('SIGTERM');
  expect(await worker.ended).toBe(0);
});

/** A Node on this machine that is too old for TypeScript, if there is one. */
const olderNode = (process.env.PATH ?? '')
  .split(delimiter)
  .map((directory) => join(directory, 'node'))
  .find((node) => {
    const { stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' });
    return /^v2[0-3]\./.test(stdout ?? '');
  });

describe.skipIf(!olderNode)('an older Node that starts a newer one', () => {
  test('ends with the process that it started, whatever a process manager holds open', async () => {
    const { url } = await testDatabase();
    const nowhere = Object.assign(new URL(url), { pathname: '/nowhere' }).href;
    const worker = run(
      olderNode!,
      ['src/bin/roundsman.js', 'worker'],
      { DATABASE_URL: nowhere },
      true,
    );
    expect(await worker.ended).toBe(1);
    expect(worker.out()).toContain('there is no such database');
  });

  test('ends it, too, when it is killed', async () => {
    const { env } = await scene();
    const worker = run(olderNode!, ['src/bin/roundsman.js', 'worker'], env);
    await expect.poll(() => worker.out(), settled).toContain('"msg":"started"');
    worker.child.kill('SIGKILL');
    await expect.poll(ours, settled).toEqual([]);
    expect(worker.out()).toContain('"msg":"stopped"');
  });
});

test('pm2 can load its file with require, with each Node that is supported', () => {
  for (const node of [process.execPath, olderNode].filter((each) => each !== undefined)) {
    const file = JSON.stringify(join(import.meta.dirname, '../../ecosystem.config.js'));
    const { stdout, stderr } = spawnSync(
      node,
      ['--input-type=commonjs', '-e', `console.log(require(${file}).apps.length)`],
      { encoding: 'utf8' },
    );
    expect(stdout, stderr).toBe('2\n');
  }
});

describe('with the embedded database', () => {
  const home = fs.mkdtempSync(join(tmpdir(), 'roundsman-wrapped-'));
  afterAll(() => fs.rmSync(home, { recursive: true, force: true }));
  const env = { ROUNDSMAN_HOME: join(home, 'home'), DATABASE_URL: '', REDIS_URL: '' };
  const postmaster = () => {
    const place = join(env.ROUNDSMAN_HOME, 'postgres.place');
    const directory = fs.existsSync(place)
      ? fs.readFileSync(place, 'utf8').trim()
      : env.ROUNDSMAN_HOME;
    return findPostmaster(join(directory, 'postgres'));
  };
  const server = () => postmaster()?.pid;

  test('a closed terminal stops `up` and its PostgreSQL', async () => {
    fs.chmodSync(home, 0o755);
    // It holds the terminal, which closes when it is killed.
    const terminal = run(
      'script',
      ['-qfc', `'${process.execPath}' src/bin/roundsman.js up --empty`, '/dev/null'],
      env,
    );
    await expect.poll(() => terminal.out(), { timeout: 40_000 }).toContain('Ctrl-C stops');
    const pid = server()!;
    terminal.child.kill('SIGKILL');
    await expect.poll(() => isAlive(pid), settled).toBe(false);
    await expect.poll(ours, settled).toEqual([]);
  }, 60_000);

  /** Whether the bot is running. It connects without joining the embedded server, so that it does not keep it up. */
  async function running(name: string): Promise<boolean> {
    const password = fs.readFileSync(join(env.ROUNDSMAN_HOME, 'postgres.password'), 'utf8').trim();
    const db = connect(`postgres://postgres:${password}@127.0.0.1:${postmaster()!.port}/postgres`, {
      name: 'test',
      max: 1,
    });
    try {
      const { rows } = await sql`
        SELECT FROM bot_executions e JOIN bots b ON b.id = e.bot_id
        WHERE b.name = ${name} AND e.status = 'running'`.execute(db);
      return rows.length > 0;
    } finally {
      await db.destroy();
    }
  }

  const inTerminal = (line: string) =>
    run('script', ['-qfc', `'${process.execPath}' src/bin/roundsman.js ${line}`, '/dev/null'], env);

  test('a closed terminal ends `round` properly, with its PostgreSQL', async () => {
    const terminal = inTerminal('round two-seconds');
    await expect.poll(() => running('two-seconds').catch(() => false), settled).toBe(true);
    const pid = server()!;
    terminal.child.kill('SIGKILL');
    await expect.poll(ours, settled).toEqual([]);
    expect(isAlive(pid)).toBe(false);
  }, 60_000);

  test('`round` under nohup goes on after SIGHUP and prints its result', async () => {
    const round = run(
      'nohup',
      [process.execPath, 'src/bin/roundsman.js', 'round', 'two-seconds'],
      env,
    );
    await expect.poll(() => running('two-seconds').catch(() => false), settled).toBe(true);
    round.child.kill('SIGHUP');
    expect(await round.ended, round.out()).toBe(0);
    expect(round.out()).toContain('Checked: 1 bot');
    expect(server()).toBeUndefined();
  }, 60_000);

  const up = ['src/bin/roundsman.js', 'up', '--empty'];

  test.each([
    ['up told SIGQUIT', process.execPath, up, 'SIGQUIT'],
    ['npm told SIGQUIT', 'npm', ['start', '--', '--empty'], 'SIGQUIT'],
    ['npm told SIGKILL', 'npm', ['start', '--', '--empty'], 'SIGKILL'],
  ] as const)(
    '%s leaves no `up` and no PostgreSQL',
    async (_, command, args, signal) => {
      fs.chmodSync(home, 0o755);
      const wrapped = run(command, [...args], env);
      await expect.poll(() => wrapped.out(), { timeout: 40_000 }).toContain('BullMQ on postgres');
      const pid = server()!;
      wrapped.child.kill(signal);
      await expect.poll(ours, settled).toEqual([]);
      expect(wrapped.out()).toContain('Stopped.');
      expect(isAlive(pid)).toBe(false);
      await wrapped.ended;
    },
    60_000,
  );

  test('`up` is stopped while the PostgreSQL that was left behind does not answer', async () => {
    const first = run(process.execPath, up, env);
    await expect.poll(() => first.out(), settled).toContain('BullMQ on postgres');
    const pid = server()!;
    first.child.kill('SIGKILL');
    await first.ended;
    process.kill(pid, 'SIGSTOP');
    onTestFinished(() => void process.kill(pid, 'SIGKILL'));
    const second = run(process.execPath, up, env);
    // Once it has written its process id it reacts to signals.
    const number = () => fs.readFileSync(join(env.ROUNDSMAN_HOME, 'up.pid'), 'utf8').trim();
    await expect.poll(number, settled).toBe(String(second.child.pid));
    await expect.poll(() => fs.existsSync(join(env.ROUNDSMAN_HOME, 'roundsman.log'))).toBe(true);
    second.child.kill('SIGTERM');
    await second.ended;
    expect(second.out()).toContain('Stopped before it was ready.');
  }, 60_000);

  test.each(['SIGINT', 'SIGTERM', 'SIGQUIT'] as const)(
    '%s to a command that does not listen for it stops its PostgreSQL',
    async (signal) => {
      const command = run(
        process.execPath,
        ['src/bin/roundsman.js', 'bots', 'run', 'endless', '--wait'],
        env,
      );
      await expect.poll(() => command.out(), settled).toContain('Ctrl-C stops waiting');
      const pid = server()!;
      command.child.kill(signal);
      await command.ended;
      await expect.poll(() => isAlive(pid), settled).toBe(false);
      expect(command.child.signalCode).toBe(signal === 'SIGINT' ? null : signal);
    },
    60_000,
  );

  test('a closed terminal stops the PostgreSQL of a command', async () => {
    const terminal = inTerminal('bots run endless --wait');
    await expect.poll(() => terminal.out(), settled).toContain('Ctrl-C stops waiting');
    const pid = server()!;
    terminal.child.kill('SIGKILL');
    await expect.poll(() => isAlive(pid), settled).toBe(false);
    await expect.poll(ours, settled).toEqual([]);
  }, 60_000);

  test('an interrupted `demo` leaves nothing behind, whatever ends it', async () => {
    const scratch = fs.mkdtempSync(join(home, 'demo-'));
    fs.chmodSync(scratch, 0o755);
    const demo = run(process.execPath, ['src/bin/roundsman.js', 'demo'], {
      ...env,
      TMPDIR: scratch,
    });
    await expect.poll(() => demo.out(), settled).toContain('database: throw-away');
    demo.child.kill('SIGTERM');
    expect(await demo.ended).toBe(130);
    expect(demo.out()).toContain('interrupted');
    expect(fs.readdirSync(scratch)).toEqual([]);
  }, 60_000);

  test('a command that waits for another process to start or stop it says so', async () => {
    const { ROUNDSMAN_HOME } = env;
    const place = join(ROUNDSMAN_HOME, 'postgres.place');
    const directory = fs.existsSync(place) ? fs.readFileSync(place, 'utf8').trim() : ROUNDSMAN_HOME;
    const gate = tryLock(join(directory, 'gate.lock'), 'exclusive')!;
    const command = run(process.execPath, ['src/bin/roundsman.js', 'bots', 'list'], env);
    const doctor = run(process.execPath, ['src/bin/roundsman.js', 'doctor', '--json'], env);
    try {
      for (const each of [command, doctor])
        await expect
          .poll(() => each.out(), settled)
          .toContain('waiting for another roundsman process');
    } finally {
      gate.release();
    }
    expect(await command.ended).toBe(0);
    await doctor.ended;
  }, 60_000);

  test('a forced end does not wait for a server that does not answer, and the next command says what it waits for', async () => {
    const first = run(process.execPath, up, env);
    await expect.poll(() => first.out(), settled).toContain('BullMQ on postgres');
    const pid = server()!;
    process.kill(pid, 'SIGSTOP');
    onTestFinished(() => {
      if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    });
    first.child.kill('SIGINT');
    await expect.poll(() => first.out(), settled).toContain('Stopping');
    const again = setInterval(() => first.child.kill('SIGINT'), 300);
    await first.ended;
    clearInterval(again);
    const command = run(process.execPath, ['src/bin/roundsman.js', 'bots', 'list'], env);
    await expect.poll(() => command.out(), settled).toContain('waiting for ');
    process.kill(pid, 'SIGCONT');
    expect(await command.ended, command.out()).toBe(0);
    await expect.poll(server, settled).toBeUndefined();
  }, 60_000);

  test('when its output is closed early, a command still stops it', async () => {
    const command = run(process.execPath, ['src/bin/roundsman.js', 'bots', 'list'], env);
    command.child.stdout!.destroy();
    expect(await command.ended).toBe(0);
    expect(server()).toBeUndefined();
  }, 40_000);

  test('when its output is closed, `up` ends properly', async () => {
    const up = run(process.execPath, ['src/bin/roundsman.js', 'up', '--empty'], env);
    await expect.poll(() => up.out(), settled).toContain('BullMQ on postgres');
    const pid = server()!;
    up.child.stdout!.destroy();
    const db = spawnSync(process.execPath, ['src/bin/roundsman.js', 'bots', 'run', 'quick'], {
      cwd: checkout,
      env: { PATH, ...env },
      encoding: 'utf8',
    });
    expect(db.status, db.stderr).toBe(0);
    expect(await up.ended).toBe(0);
    expect(isAlive(pid)).toBe(false);
  }, 60_000);
});
