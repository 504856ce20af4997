import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { bots } from '../../bots/index.ts';
import { connect } from '../../src/database/connect.ts';
import { joinEmbedded } from '../../src/database/embedded/index.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
let home: string;
const running = new Set<ChildProcess>();

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'roundsman-up-'));
});
afterEach(async () => {
  for (const child of running) await stop(child, 'SIGKILL');
});
afterAll(() => rm(home, { recursive: true, force: true }));

const roundsman = (...args: string[]) => roundsmanWith({}, ...args);

function roundsmanWith(settings: NodeJS.ProcessEnv, ...args: string[]) {
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, ['src/bin/roundsman.js', ...args], {
    cwd: root,
    env: { PATH, HOME, ROUNDSMAN_HOME: home, NO_COLOR: '1', ...settings },
  });
  running.add(child);
  const heard = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (heard.out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (heard.err += text));
  return { child, heard };
}

async function stop(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  running.delete(child);
  if (child.exitCode === null && child.signalCode === null) {
    const ended = once(child, 'close');
    child.kill(signal);
    await ended;
  }
  return child.exitCode;
}

const until = (assertion: () => unknown) =>
  vi.waitFor(assertion, { timeout: 30_000, interval: 50 });

describe('up', () => {
  it('tells a newcomer on the first start what was checked, found, healed and escalated', async () => {
    const { child, heard } = roundsman('up');
    await until(() => expect(heard.out).toContain('Look at one: npx roundsman tickets show T-'));
    const active = bots.filter(({ shipsPaused }) => shipsPaused === undefined);
    expect(heard.out).toMatch(new RegExp(`^Checked: ${active.length} bots, \\d+ checks$`, 'm'));
    expect(heard.out).toContain('\nHeals: 1 verified, 1 held\n');
    expect(heard.out).toMatch(/T-\d+ +critical +owner/);

    const second = roundsman('up');
    await once(second.child, 'close');
    expect(second.child.exitCode).toBe(1);
    expect(second.heard.err).toContain(`process ${child.pid}`);

    expect(await stop(child, 'SIGINT')).toBe(0);
    expect(heard.out).toContain('Stopped.');
  });

  it('counts a Ctrl-C that both the terminal and npm send as one', async () => {
    const { child, heard } = roundsman('up');
    await until(() => expect(heard.out).toContain('BullMQ on postgres'));
    child.kill('SIGINT');
    child.kill('SIGINT');
    expect(await stop(child, 'SIGINT')).toBe(0);
    expect(heard.out).toContain('Stopped.');
  });

  it('waits for its Redis, says so once, and records nothing in the meantime', async () => {
    const { child, heard } = roundsmanWith({ REDIS_URL: 'redis://127.0.0.1:1' }, 'up');
    await until(() => expect(heard.out).toContain('Not ready, trying again: BullMQ cannot reach'));
    expect(await stop(child, 'SIGINT')).toBe(0);
    expect(heard.out.match(/Not ready/g)).toHaveLength(1);
    expect(heard.out).toContain('Stopped before it was ready.');
  });

  it('leaves nothing behind when it is asked twice to stop', async () => {
    const { child, heard } = roundsman('up');
    await until(() => expect(heard.out).toContain('BullMQ on postgres'));
    const embedded = await joinEmbedded(home, { create: false });
    const pidFile = join(embedded.directory, 'postgres/postmaster.pid');
    const server = Number((await readFile(pidFile, 'utf8')).split('\n')[0]);
    // It removes its row of engine.nodes, which has to wait, so that it is still ending at the second signal.
    const holder = new pg.Client(embedded.url);
    holder.on('error', () => {});
    await holder.connect();
    await holder.query('BEGIN; LOCK TABLE engine.nodes');
    await embedded.leave();
    const ends = once(child, 'close');
    child.kill('SIGINT');
    await until(() => expect(heard.out).toContain('a second SIGTERM stops at once'));
    // Within the time in which no person can press the keys again it counts as the same request.
    const again = setInterval(() => child.kill('SIGINT'), 100);
    const [code] = await ends;
    clearInterval(again);
    await holder.end().catch(() => {});
    expect(code).toBe(130);
    await until(() => expect(() => process.kill(server, 0)).toThrow('ESRCH'));
  });

  it('loses nothing and runs no slot twice when it is killed and started again', async () => {
    const first = roundsman('up');
    await until(() => expect(first.heard.out).toContain('BullMQ on postgres'));
    const embedded = await joinEmbedded(home, { create: false });
    const db = connect(embedded.url, { max: 2 });
    try {
      await until(async () => expect(await planned()).toBe(true));
      // Sixty bots whose slots come due at the same moment.
      await sql`
        INSERT INTO bots (name, display_name, schedule_cron, api_endpoint, priority, checked_version, next_slot_at, next_execution_at)
        SELECT 'busy-' || i, 'Busy', '0 0 1 1 *', '/api/bots/conductor', 0, 1, date_trunc('minute', now()), date_trunc('minute', now())
        FROM generate_series(1, 60) i`.execute(db);
      await until(async () => expect(await ended()).toBeGreaterThan(5));
      await stop(first.child, 'SIGKILL');
      expect(await ended()).toBeLessThan(60);

      roundsman('up');
      await until(async () => expect(await ended()).toBe(60));
      const { rows } = await sql<{ status: string; slots: number; runs: number; attempts: number }>`
        SELECT e.status, count(DISTINCT (e.bot_id, e.scheduled_for))::int AS slots, count(*)::int AS runs,
               max(e.attempt) AS attempts
        FROM bot_executions e JOIN bots b ON b.id = e.bot_id WHERE b.name LIKE 'busy-%' GROUP BY e.status`.execute(
        db,
      );
      expect(rows).toEqual([
        { status: 'success', slots: 60, runs: 60, attempts: expect.any(Number) },
      ]);
      expect(rows[0]!.attempts).toBeLessThanOrEqual(2);
    } finally {
      await db.destroy();
      for (const child of running) await stop(child, 'SIGINT');
      await embedded.leave();
    }

    async function planned() {
      const { rows } = await sql<{ planned: boolean }>`
        SELECT count(*) > 3 AND bool_and(next_slot_at IS NOT NULL) AS planned FROM bots WHERE status = 'active'`.execute(
        db,
      );
      return rows[0]!.planned;
    }
    async function ended() {
      const { rows } = await sql<{ count: number }>`
        SELECT count(*)::int AS count FROM bot_executions e JOIN bots b ON b.id = e.bot_id
        WHERE b.name LIKE 'busy-%' AND e.completed_at IS NOT NULL`.execute(db);
      return rows[0]!.count;
    }
  });
});
