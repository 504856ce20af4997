/** TZ that names no zone, and TZ that means another zone than Node takes it for. */
import { beforeEach, expect, test } from 'vitest';
import { sql } from 'kysely';
import { examineZone } from '../../src/services/doctor/host.ts';
import { testDatabase } from '../support/database.ts';
import { start } from './command.ts';
import { insertBot } from './rows.ts';

const { db, url } = await testDatabase();

beforeEach(async () => {
  await sql`TRUNCATE bots CASCADE`.execute(db);
  await insertBot(db, 'watch');
});

const run = (TZ: string, ...args: string[]) => start(url, args, { TZ }).ended;
const wall = ['--since', '2026-11-29 01:30'] as const;

test.each([
  ['report', ['report', ...wall]],
  ['a list', ['tickets', 'list', ...wall]],
  ['a backfill', ['bots', 'backfill', 'watch', ...wall]],
])('a time in a zone that is none is refused: %s', async (_, args) => {
  const { code, err } = await run('Nonsense/Zone', ...args);
  expect(code).toBe(2);
  expect(err).toContain('--since cannot be "2026-11-29 01:30"');
  expect(err).toContain('why: a time without an offset is in the zone of this process, and TZ is');
  expect(err).toMatch(/try: set TZ to a zone, as in TZ=Europe\/Berlin, or unset it/);
  expect(err).not.toContain('clockOf');
});

test('there a time with an offset, and how long ago it was, are read', async () => {
  const since = `${new Date(Date.now() - 3_600_000).toISOString().slice(0, 16)}Z`;
  for (const given of [since, '2h'])
    expect(
      (await run('Nonsense/Zone', 'report', '--since', given, '--json')).json(),
    ).toHaveProperty('from');
});

test('the hint has the zone that was meant', async () => {
  for (const zone of ['europe/berlin', '/usr/share/zoneinfo/Europe/Berlin'])
    expect((await run(zone, 'report', ...wall)).err).toContain('try: set TZ=Europe/Berlin;');
});

const rule = 'TZ is "CET-1CEST", a rule with summer time, which Node takes for UTC';
const timesSaid = (err: string) => err.split(rule).length - 1;

test('a rule with summer time is told once where a time is read in it, and where times are shown in it', async () => {
  const since = new Date(Date.now() - 3_600_000).toISOString().slice(0, 16).replace('T', ' ');
  const [read, shown, both, none] = await Promise.all([
    run('CET-1CEST', 'report', '--since', since, '--json'),
    run('CET-1CEST', 'bots', 'show', 'watch'),
    run('CET-1CEST', 'tickets', 'list', '-o', 'table', '--since', since),
    run('CET-1CEST', 'bots', 'show', 'watch', '--json'),
  ]);
  expect(read.json()).toHaveProperty('from');
  for (const { err } of [read, shown, both]) expect(timesSaid(err)).toBe(1);
  expect(none.err).not.toContain('TZ is');
});

test('doctor names both', async () => {
  const { TZ } = process.env;
  try {
    for (const [zone, what] of [
      ['CET-1CEST', 'which Node takes for UTC'],
      ['Nonsense/Zone', 'which is no zone that Node knows'],
    ] as const) {
      process.env.TZ = zone;
      const [found] = examineZone();
      expect(found).toMatchObject({ subject: 'Time zone', status: 'warn' });
      expect(found!.detail).toContain(what);
    }
    process.env.TZ = 'Europe/Berlin';
    expect(examineZone()).toEqual([]);
  } finally {
    if (TZ === undefined) delete process.env.TZ;
    else process.env.TZ = TZ;
  }
  const { out, err } = await run('CET-1CEST', 'doctor');
  expect(out).toMatch(/^warn +Time zone +TZ is "CET-1CEST", /m);
  expect(err).not.toContain('TZ is');
}, 120_000);

test('a time is read in the offset of a rule that has no other', async () => {
  const at = new Date(Math.floor(Date.now() / 60_000) * 60_000 - 3_600_000);
  const shown = new Date(at.getTime() + 3 * 3_600_000).toISOString().slice(0, 16).replace('T', ' ');
  for (const zone of ['MSK-3', 'GMT-3', 'UTC-3']) {
    const { err, json } = await run(zone, 'report', '--since', shown, '--json');
    expect(err).not.toContain('TZ is');
    expect(json().from).toBe(at.toISOString());
  }
});
