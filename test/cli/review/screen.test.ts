/** `tickets review` on a real terminal. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { beforeEach, describe, expect, inject, onTestFinished, test, vi } from 'vitest';
import { apartMs } from '../../../src/cli/review/pace.ts';
import { quietMs } from '../../../src/cli/review/state.ts';
import { acknowledgeTicket } from '../../../src/services/tickets/acknowledge.ts';
import { administer } from '../../support/postgres.ts';
import { testDatabase } from '../../support/database.ts';
import { hostileTexts } from '../../support/hostile-texts.ts';
import { openScreen, type Screen } from '../../support/screen.ts';
import { closedAt, commandOf, hasTerminal } from '../../support/terminal.ts';
import { insertFinding, insertNode, insertTicket } from '../rows.ts';
import { clear, eventsOf, plantScene, ticketRow, type Scene } from './scene.ts';

const { db, url, name } = await testDatabase();
let scene: Scene;

beforeEach(async () => {
  scene = await plantScene(db);
});

const review = ['tickets', 'review', '--as', 'me'];
const open = (options: Parameters<typeof openScreen>[2] = {}) => openScreen(url, review, options);
/** The ticket is on the screen, and for so long that keys are meant for it: sooner they are ignored. */
const settled = async (screen: Screen, ticket: string) => {
  await screen.shows(new RegExp(`^ ${ticket} `));
  await sleep(quietMs + 50);
};

describe.skipIf(!hasTerminal)('on a screen', () => {
  test('one key approves, and the next ticket comes by itself', async () => {
    const screen = await open();
    await settled(screen, scene.rich);
    expect(screen.text()).toContain(
      'held 7 of 9, lower bound .33, last relapse 3 days ago, can be undone',
    );
    screen.bytes();
    screen.press('a');
    await settled(screen, scene.plain[0]!);
    expect(screen.text()).toContain(`Approved sweep on ${scene.rich}`);
    expect(screen.bytes().length).toBeLessThan(2_000 * 2);
    expect(await eventsOf(db, scene.rich)).toEqual(['me noted']);
    screen.press('u');
    await settled(screen, scene.rich);
    await screen.shows('Took the approval of sweep');
    screen.press('q');
    expect(await screen.ended).toBe(0);
    expect(screen.isRestored()).toBe(true);
  });

  test('three keys and the prose resolve', async () => {
    const screen = await open();
    await settled(screen, scene.rich);
    screen.press('n');
    await settled(screen, scene.plain[0]!);
    screen.press('r');
    await screen.shows('What helped?');
    screen.press('n');
    await screen.shows('what was done:');
    screen.press('\u001B[200~made room\nby hand q\u001B[201~');
    await screen.shows('by hand q');
    screen.press('\r');
    await settled(screen, scene.plain[1]!);
    expect(await ticketRow(db, scene.plain[0]!)).toMatchObject({
      status: 'resolved',
      resolution_notes: 'made room\nby hand q',
      resolved_by: 'me',
    });
    screen.press('q');
    expect(await screen.ended).toBe(0);
  });

  test('a double key never reaches the next ticket', async () => {
    const screen = await open();
    await settled(screen, scene.rich);
    screen.press('n');
    await settled(screen, scene.plain[0]!);
    screen.press('t');
    setTimeout(() => screen.send('t'), 40);
    await settled(screen, scene.plain[1]!);
    expect(await ticketRow(db, scene.plain[1]!)).toMatchObject({ status: 'open' });
    screen.press('tt');
    await screen.shows('several keys at once');
    screen.press('\u001B[200~t\nt\u001B[201~');
    screen.press('q');
    await vi.waitFor(() => expect(screen.text()).toContain('several keys at once'));
    expect(await ticketRow(db, scene.plain[1]!)).toMatchObject({ status: 'open', version: 0 });
  });

  test.each([1, 10, 30, 60])(
    'a text without the marks of a paste, %i ms a byte, changes nothing and does not leave',
    async (gap) => {
      const screen = await open();
      await settled(screen, scene.rich);
      for (const text of ['apply it\r', 'x', 'quit now', 'rn made room\rya', 'to ann\r', 'u']) {
        // What came before it was its own text.
        await sleep(quietMs + apartMs);
        const isLate: number[] = [];
        let before = performance.now();
        for (const byte of text.length > 1 ? text : `${text}${text}${text}y`) {
          screen.send(byte);
          await sleep(gap);
          isLate.push(performance.now() - before);
          before = performance.now();
        }
        // On a machine that is held up they are as far apart as keys of a person.
        if (Math.max(...isLate) > 75) return;
      }
      screen.send('\u001B');
      await sleep(quietMs + apartMs);
      expect(screen.isRestored()).toBe(false);
      expect(await eventsOf(db, scene.rich)).toEqual([]);
      for (const ticket of scene.plain) expect(await eventsOf(db, ticket)).toEqual([]);
      // A key that came at once with another one does nothing.
      const leaving = setInterval(() => screen.send('\u0003'), 500);
      expect(await screen.ended).toBe(0);
      clearInterval(leaving);
    },
    60_000,
  );

  test('keys that are held down scroll on, and go to the next ticket, and a key works after them', async () => {
    const screen = await open({ rows: 15 });
    await settled(screen, scene.rich);
    const hold = async (key: string) => {
      for (let at = 0; at < 15; at += 1) {
        screen.send(key);
        await sleep(33);
      }
    };
    const top = screen.text();
    await hold('j');
    await vi.waitFor(() => expect(screen.text()).not.toBe(top));
    // Another key without a pause would be a text.
    await sleep(quietMs + apartMs);
    await hold('n');
    await settled(screen, scene.plain[0]!);
    screen.press('t');
    await vi.waitFor(async () =>
      expect(await ticketRow(db, scene.plain[0]!)).toMatchObject({ assigned_to: 'me' }),
    );
  });

  test('what another operator does appears by itself, and a text that is typed stays', async () => {
    const [one, other] = [
      await open(),
      await openScreen(url, ['tickets', 'review', '--as', 'ann']),
    ];
    await settled(one, scene.rich);
    await settled(other, scene.rich);
    one.press('c');
    await one.shows('Comment on');
    one.press('half a te');
    // What is typed clears the message: it has to be there before the other one acts.
    await one.shows('half a te');
    other.press('t');
    await one.shows('ann assigned it');
    await one.shows('assigned to ann');
    one.press('xt');
    await one.shows('half a text');
    one.press('\r');
    await one.shows('a comment stays in the history');
    one.press('y');
    await settled(one, scene.plain[0]!);
    expect(await eventsOf(db, scene.rich)).toEqual(['ann assigned', 'me commented']);
  });

  test('a key on a screen that is stale does nothing, and says who was faster', async () => {
    const screen = await open();
    await settled(screen, scene.rich);
    const ann = { db, actor: { name: 'ann', role: 'operator' as const } };
    await acknowledgeTicket(ann, { ticket: scene.rich });
    screen.press('t');
    await screen.shows('ann acknowledged it');
    const { assigned_to } = await ticketRow(db, scene.rich);
    // Where the screen was drawn anew before the key came, the key was meant.
    if (assigned_to === null)
      expect(screen.text()).toMatch(/was not assigned: ann acknowledged it at/);
  });

  test('grows and shrinks, says where it is too small, and works again', async () => {
    const screen = await open({ columns: 200, rows: 60 });
    await settled(screen, scene.rich);
    expect(screen.row(59)).toBe('');
    screen.resize(50, 10);
    await screen.shows('needs 60x15, has 50x10');
    screen.resize(80, 24);
    await screen.shows('a approves sweep');
    expect(screen.row(0)).toMatch(/ me *$/);
    // Keys are for what is shown again, as soon as a person has seen it.
    await settled(screen, scene.rich);
    screen.press('?');
    await screen.shows('a  approve what is suggested');
    screen.press('q');
    await screen.shows('Evidence');
  });

  test('NO_COLOR sets no colour, and a terminal with colours gets them', async () => {
    // oxlint-disable-next-line no-control-regex
    const colours = /\u001B\[0;[\d;]*m/;
    const [plain, coloured] = [await open({ env: { NO_COLOR: '1' } }), await open()];
    await settled(plain, scene.rich);
    await settled(coloured, scene.rich);
    expect(plain.bytes()).not.toMatch(colours);
    expect(coloured.bytes()).toMatch(colours);
  });

  test('text of a ticket forges nothing: each row is where it belongs, and the terminal is as it was', async () => {
    await clear(db);
    const scene = await plantScene(db, 0);
    const expected: string[] = [scene.rich];
    const groups = Object.values(
      Object.groupBy(hostileTexts.entries(), ([at]) => String(at % 4)),
    ).map((group) => group!.map(([, text]) => text.toWellFormed().replaceAll('\0', '')));
    for (const [at, texts] of groups.entries()) {
      const points = (length: number) => [...texts.join(' ')].slice(0, length).join('');
      const of = await insertFinding(db, scene.bot, points(200), {
        fingerprint: `h${at}`,
        affected_component: points(100),
      });
      expected.push(
        await insertTicket(db, scene.bot, points(200), {
          fingerprint: `h${at}`,
          finding_id: of,
          description: texts.join('\n'),
          metadata: JSON.stringify({ ...texts, [points(50)]: texts, component: points(100) }),
          created_at: sql<Date>`engine.now() - make_interval(mins => ${100 - at})`,
        }),
      );
    }
    const screen = await open();
    for (const ticket of expected) {
      await settled(screen, ticket);
      const { buffer, modes } = screen.terminal;
      expect(buffer.active.type).toBe('alternate');
      expect(modes.bracketedPasteMode).toBe(true);
      expect(screen.row(0)).toMatch(new RegExp(`^ ${ticket} .* me *$`));
      expect(screen.text()).toContain('? help');
      expect(screen.text().match(/T-999/g) ?? []).toHaveLength(
        (screen.text().match(/\[1;1HT-999/g) ?? []).length,
      );
      screen.press('n');
    }
    await screen.shows('That was the last one');
    await sleep(quietMs + 50);
    screen.press('q');
    expect(await screen.ended).toBe(0);
    expect(screen.isRestored()).toBe(true);
  }, 240_000);

  test('a check that runs again shows its verdict', async () => {
    await insertNode(db, 'worker');
    const screen = await open();
    await settled(screen, scene.rich);
    screen.press('v');
    await screen.shows('Waiting for its end');
    const { id } = await db.selectFrom('bot_executions').select('id').executeTakeFirstOrThrow();
    // As the engine writes it.
    await sql`UPDATE bot_finding_states SET states = states || false, last_execution_id = ${id}::uuid`.execute(
      db,
    );
    await sql`
      UPDATE bot_executions SET status = 'success', started_at = engine.now(), completed_at = engine.now(), attempt = 1
      WHERE id = ${id}::uuid`.execute(db);
    await screen.shows('clean: the check looked');
    screen.press('q');
    await screen.shows('Evidence');
    screen.press('v');
    await screen.shows('Waiting for its end');
    screen.press('x');
    await screen.shows('asked to stop');
    await vi.waitFor(async () =>
      expect(
        await db.selectFrom('bot_executions').select('status').where('id', '<>', id).execute(),
      ).toEqual([{ status: 'cancelled' }]),
    );
  });

  test('while the database is away it says so, loses no text, and goes on when it is back', async () => {
    const screen = await open();
    await settled(screen, scene.rich);
    screen.press('c');
    await screen.shows('Comment on');
    screen.press('typed be');
    const server = inject('postgresUrl');
    await administer(server, `ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
    await administer(
      server,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`,
    );
    await screen.shows('The database does not answer');
    screen.press('fore');
    await screen.shows('typed before');
    expect(screen.row(0)).toContain(scene.rich);
    await administer(server, `ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
    await screen.hides('The database does not answer');
    await screen.shows('typed before');
    screen.press('\r');
    await screen.shows('a comment stays');
    screen.press('y');
    await screen.shows('Commented on');
  });
});

describe.skipIf(!hasTerminal)('the terminal is given back', () => {
  test.each(['SIGTERM', 'SIGINT', 'SIGQUIT'] as const)('after %s', async (signal) => {
    const screen = await open();
    await settled(screen, scene.rich);
    screen.signal(signal);
    expect(await screen.ended).toBe({ SIGTERM: 143, SIGINT: 130, SIGQUIT: 131 }[signal]);
    expect(screen.isRestored()).toBe(true);
  });

  test.each([
    ['SIGHUP', 130],
    ['SIGUSR1', 138],
    ['SIGUSR2', 140],
    ['SIGALRM', 142],
  ] as const)('after %s, while a text is typed', async (signal, code) => {
    const screen = await open();
    await settled(screen, scene.rich);
    screen.press('c');
    await screen.shows('Comment on');
    screen.signal(signal);
    expect(await screen.ended).toBe(code);
    expect(screen.isRestored()).toBe(true);
    expect(screen.text()).not.toContain('Debugger');
  });

  test.each(['SIGTERM', 'SIGHUP'] as const)(
    'and what was typed is kept in a file after %s',
    async (signal) => {
      const state = mkdtempSync(join(tmpdir(), 'roundsman-review-'));
      onTestFinished(() => rmSync(state, { recursive: true }));
      const screen = await open({ env: { XDG_STATE_HOME: state } });
      await settled(screen, scene.rich);
      screen.press('c');
      await screen.shows('Comment on');
      screen.press('an hour of work');
      await screen.shows('an hour of work');
      screen.signal(signal);
      await screen.ended;
      const drafts = join(state, 'roundsman', 'drafts');
      const [draft] = readdirSync(drafts);
      expect(readFileSync(join(drafts, draft!, 'text.md'), 'utf8')).toBe('an hour of work\n');
      await screen.shows(`tickets comment ${scene.rich} --notes-file`);
    },
  );

  test('also where a signal came while the job was stopped', async () => {
    const screen = await openScreen(url, [], { shell: true });
    for (const signal of ['TERM', 'HUP']) {
      screen.press(`clear; ${commandOf(review)}\r`);
      await settled(screen, scene.rich);
      screen.press('\u001A');
      await screen.shows('Stopped');
      screen.press(`kill -${signal} %1; fg; echo "over: $?"\r`);
      await screen.shows(/^over: 1/m);
      expect(screen.isRestored()).toBe(true);
    }
  });

  test('after a crash, whose reason stays to be read', async () => {
    const crash = `process.on('SIGUSR2', () => { throw new Error('boom') })`;
    const screen = await open({
      env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(crash)}` },
    });
    await settled(screen, scene.rich);
    screen.signal('SIGUSR2');
    expect(await screen.ended).not.toBe(0);
    await screen.shows('boom');
    expect(screen.isRestored()).toBe(true);
  });

  test('and nothing is left running when it is closed', async () => {
    expect(await closedAt('held 7 of 9', url, review)).toBe(130);
  });

  test('while the job is suspended, by a key or a signal, and is taken again afterwards', async () => {
    const screen = await openScreen(url, [], { shell: true });
    screen.press(`${commandOf(review)}\r`);
    await settled(screen, scene.rich);
    screen.press('\u001A');
    await screen.shows('Stopped');
    expect(screen.isRestored()).toBe(true);
    screen.press('fg\r');
    await screen.shows('a approves sweep');
    expect(screen.terminal.modes.bracketedPasteMode).toBe(true);
    const pid = Number(
      readFileSync(`/proc/${screen.pid}/task/${screen.pid}/children`, 'utf8').trim().split(' ')[0],
    );
    process.kill(pid, 'SIGTSTP');
    await screen.shows('Stopped');
    expect(screen.isRestored()).toBe(true);
    screen.press('fg\r');
    await screen.shows('a approves sweep');
    screen.press('q');
    await screen.shows('the review has ended');
    expect(screen.isRestored()).toBe(true);
  });
});
