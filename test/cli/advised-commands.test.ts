/** Every command that is advised where a gate is closed: it is not refused when it is typed. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import { testDatabase } from '../support/database.ts';
import { set } from '../support/runs.ts';
import { roundsman } from './command.ts';
import { insertAction, insertDecision, insertKnowledge, steps } from './known.ts';
import { ago, insertBot, insertFinding, insertTicket } from './rows.ts';
import { ownFolder } from '../support/own-folder.ts';

const { db, url } = await testDatabase();
const file = join(ownFolder('advised-'), 'solution.yaml');
writeFileSync(file, steps('session.expire'));

const settings = await sql<{ key: string; value: unknown }>`
  SELECT key, value::text FROM engine.settings WHERE key IN ('mode', 'budget', 'healing')`.execute(
  db,
);

interface Scene {
  bot: string;
  finding: string;
  /** null where there is none */
  ticket: string | null;
}
let scene: Scene;

beforeEach(() => lay(true));

async function lay(withTicket: boolean): Promise<void> {
  await sql`TRUNCATE bots, bot_knowledge, bot_silences, bot_maintenance RESTART IDENTITY CASCADE`.execute(
    db,
  );
  await sql`DELETE FROM engine.settings WHERE key IN ('mode', 'budget', 'healing')`.execute(db);
  for (const { key, value } of settings.rows)
    await sql`INSERT INTO engine.settings (key, value) VALUES (${key}, ${value}::jsonb)`.execute(
      db,
    );
  const bot = await insertBot(db, 'watch');
  const finding = await insertFinding(db, bot, 'sessions pile up', {
    id: '0f000000-0000-4000-8000-000000000000',
    fingerprint: 'fp',
    severity: 'critical',
    affected_component: 'the main /v1',
  });
  const ticket = withTicket
    ? await insertTicket(db, bot, 'sessions pile up', { fingerprint: 'fp', finding_id: finding })
    : null;
  scene = { bot, finding, ticket };
  silences = 0;
}

const sweep = (values: object = {}) =>
  insertKnowledge(db, 'sweep', { autonomy: 'auto', ...values });
const decided = (knowledge: string, values: object = {}) =>
  insertDecision(db, { ...scene, knowledge }, { component: 'the main /v1', ...values });
const acted = (
  knowledge: string,
  state: Parameters<typeof insertAction>[2],
  minutes: number,
  values: object = {},
) =>
  insertAction(db, scene.bot, state, minutes, {
    knowledge_id: knowledge,
    component: 'the main /v1',
    ...values,
  });
const onIt = { fingerprint: 'fp' };
const limit = (values: object) =>
  sql`UPDATE engine.settings SET value = value || ${JSON.stringify(values)}::jsonb WHERE key = 'healing'`.execute(
    db,
  );
/** Ids stay the same each time that the scene is laid. */
let silences = 0;
const silence = (values: object) =>
  db
    .insertInto('bot_silences')
    .values({
      id: `51ce000${++silences}-0000-4000-8000-000000000000`,
      owner: 'ann',
      reason: 'moved',
      component: 'the main /v1',
      until_resolved: false,
      ...values,
    })
    .execute();
const maintain = (id: string) =>
  db
    .insertInto('bot_maintenance')
    .values({
      id: `${id}-0000-4000-8000-000000000000`,
      owner: 'ann',
      reason: 'moved',
      components: ['the main /v1'],
      occurrences: sql<string>`tstzmultirange(tstzrange(engine.now() - interval '1 minute', engine.now() + interval '1 hour'))`,
    })
    .execute();
const others = async (count: number) => {
  for (let n = 0; n < count; n++)
    await insertFinding(db, scene.bot, `other ${n}`, {
      affected_component: `other ${n}`,
      fingerprint: `o${n}`,
    });
};

/** The gate that is named first, and what closes it. */
const closed: [gate: string, when: string, close: () => Promise<unknown>][] = [
  ['kill_switch', 'the mode is off', async () => (await sweep(), set(db, 'mode', 'off'))],
  [
    'kill_switch',
    'there is no mode',
    async () => (await sweep(), sql`DELETE FROM engine.settings WHERE key = 'mode'`.execute(db)),
  ],
  ['mode', 'it is safe, and nothing was suggested', () => sweep({ solution: steps('bot.pause') })],
  [
    'mode',
    'it is safe, and a run has suggested it',
    async () =>
      decided(await sweep({ solution: steps('bot.pause') }), { verdict: 'blocked', gate: 'mode' }),
  ],
  ['mode', 'it is no known word', async () => (await sweep(), set(db, 'mode', 'careful'))],
  [
    'maintenance',
    'for a while, in two windows',
    async () => (await sweep(), await maintain('0a11ce01'), maintain('0a11ce02')),
  ],
  ['silenced', 'for a while', async () => (await sweep(), silence({ expires_at: ago(-60) }))],
  [
    'silenced',
    'until it is resolved, twice',
    async () => (
      await sweep(),
      await silence({ until_resolved: true }),
      silence({ until_resolved: true })
    ),
  ],
  [
    'silenced',
    'behind another finding',
    async () => {
      await sweep();
      const cause = await insertFinding(db, scene.bot, 'net is down', {
        id: '0f000001-0000-4000-8000-000000000000',
        affected_component: 'net',
        fingerprint: 'net',
        detected_at: ago(999),
      });
      await db
        .updateTable('bot_findings')
        .set({ suppressed_by: cause })
        .where('id', '=', scene.finding)
        .execute();
    },
  ],
  ['disabled', 'a person stopped it', () => sweep({ enabled: false })],
  [
    'disabled',
    'advice that a person stopped',
    () => sweep({ enabled: false, solution: 'Look at it.', autonomy: 'suggest' }),
  ],
  ['disabled', 'its playbook cannot run', () => sweep({ solution: steps('no.such') })],
  ['autonomy', 'in shadow', () => sweep({ autonomy: 'shadow' })],
  [
    'autonomy',
    'in shadow on this component alone',
    async () => {
      const id = await sweep({ autonomy: 'suggest' });
      await db
        .insertInto('bot_knowledge_autonomy')
        .values({ knowledge_id: id, component: 'the main /v1', autonomy: 'shadow' })
        .execute();
    },
  ],
  ['autonomy', 'before a run has suggested it', () => sweep({ autonomy: 'suggest' })],
  [
    'autonomy',
    'where a run has suggested it',
    async () => decided(await sweep({ autonomy: 'suggest' })),
  ],
  [
    'autonomy',
    'where two are suggested',
    async () => {
      await decided(await sweep({ autonomy: 'suggest' }));
      await decided(await insertKnowledge(db, 'broom'));
    },
  ],
  [
    'autonomy',
    'after a rejection',
    async () =>
      decided(await sweep({ autonomy: 'suggest' }), {
        answer: 'rejected',
        answered_by: 'root',
        answered_at: ago(3),
      }),
  ],
  [
    'autonomy',
    'after an approval was used',
    async () => {
      const id = await sweep({ autonomy: 'suggest' });
      await decided(id, { answer: 'approved', answered_by: 'root', answered_at: ago(30) });
      await acted(id, 'failed', 20, { ...onIt, finding_id: scene.finding });
    },
  ],
  [
    'approval',
    'after a rejection',
    async () =>
      decided(await sweep(), { answer: 'rejected', answered_by: 'root', answered_at: ago(3) }),
  ],
  ['approval', 'after an undo', async () => acted(await sweep(), 'undone', 60, onIt)],
  [
    'approval',
    'after an undo, where a run has suggested it',
    async () => {
      const id = await sweep();
      await acted(id, 'undone', 60, onIt);
      await decided(id, { gate: 'approval' });
    },
  ],
  ['cooldown', 'after a try', async () => acted(await sweep(), 'failed', 1, onIt)],
  ['cooldown', 'without a limit', async () => (await sweep(), limit({ cooldown_minutes: null }))],
  [
    'in_progress',
    'while a cure is not judged',
    async () => acted(await sweep(), 'unknown', 60, onIt),
  ],
  [
    'attempts',
    'after three heals',
    async () => {
      const id = await sweep();
      for (const at of [10, 20, 30]) await acted(id, 'held', at);
    },
  ],
  ['attempts', 'with a limit of none', async () => (await sweep(), limit({ heals_per_entry: 0 }))],
  [
    'daily',
    'after eight heals',
    async () => {
      const id = await sweep();
      for (let n = 0; n < 8; n++) await acted(id, 'held', 120);
    },
  ],
  ['daily', 'without a limit', async () => (await sweep(), limit({ heals_per_day: null }))],
  [
    'breaker',
    'after failures',
    async () => {
      const id = await sweep();
      await limit({ heals_per_entry: 100 });
      for (const at of [10, 20, 30]) await acted(id, 'failed', at);
    },
  ],
  ['breaker', 'without a number', async () => (await sweep(), limit({ breaker_failures: null }))],
  ['breaker', 'without a time', async () => (await sweep(), limit({ breaker_minutes: 'x' }))],
  [
    'budget',
    'is spent',
    async () => {
      const id = await sweep();
      await set(db, 'budget', { heals_per_hour: 1 });
      await acted(id, 'held', 30);
    },
  ],
  ['budget', 'cannot be read', async () => (await sweep(), set(db, 'budget', {}))],
  ['storm', 'without a share', async () => (await sweep(), limit({ storm_share: null }))],
  ['storm', 'without a number', async () => (await sweep(), limit({ storm_components: null }))],
  [
    'storm',
    'rages',
    async () => {
      await sweep();
      await others(6);
      await insertTicket(db, scene.bot, 'Storm', {
        fingerprint: `storm-${scene.bot}`,
        metadata: JSON.stringify({ storm: { broken: 7, of: 8, most: 7, components: [] } }),
      });
    },
  ],
];

/** Each place that advises: it may refuse itself, and its advice may not be refused. */
const places = ({ finding, ticket }: Scene): string[][] => [
  ['findings', 'explain', finding],
  ...(ticket
    ? [
        ['tickets', 'approve', ticket, '--yes'],
        ['tickets', 'reject', ticket],
      ]
    : []),
];

/** What is typed: a shell's words, with a number and a file where a person has to choose one. */
const typed = (command: string): string[] =>
  [...command.matchAll(/'([^']*)'|(\S+)/g)]
    .map(([, quoted, plain]) => quoted ?? plain!)
    .map((word) => (word === 'N' ? number(command) : word === 'FILE' ? file : word));

const number = (command: string) => (command.includes('storm_share') ? '0.5' : '100');

const asks = /^(?:tickets approve|mode |knowledge (?:edit|enable))/;

const advised = ({ out, err }: { out: string; err: string }) =>
  [...`${out}\n${err}`.matchAll(/`npx roundsman ([^`]+)`/g)].map(([, command]) => command!);

const isRefused = async (command: string) => {
  const yes = asks.test(command) ? ['--yes'] : [];
  const ended = await roundsman(url, ...typed(command), ...yes);
  // 6: `status` and others say that something needs a person.
  return ended.code === 0 || ended.code === 6 ? null : `${command}: ${ended.err}`;
};

/** Where nothing is different without a ticket, one pass is enough. */
const cases = [true, false].flatMap((withTicket) =>
  closed
    .filter(([gate]) => withTicket || /^(?:mode|autonomy|approval)$/.test(gate))
    .map(([gate, when, close]) => [gate, when, withTicket ? 'with' : 'without', close] as const),
);

test.each(cases)(
  'gate %s, %s, %s a ticket: no command is refused',
  async (gate, _, ticket, close) => {
    const withTicket = ticket === 'with';
    const commands = new Set<string>();
    for (const place of places(scene).keys()) {
      await lay(withTicket);
      await close();
      const args = places(scene)[place];
      const told = args ? await roundsman(url, ...args) : { code: 0, out: '', err: '' };
      if (place === 0) {
        expect(told.out).toMatch(new RegExp(`^sweep +gate ${gate}: `, 'm'));
        expect(advised(told).length).toBeGreaterThan(0);
      }
      // An answer that was taken advises nothing about a gate.
      if (place === 0 || told.code !== 0)
        for (const command of advised(told)) commands.add(command);
    }
    const refused: (string | null)[] = [];
    for (const command of commands) {
      await lay(withTicket);
      await close();
      refused.push(await isRefused(command));
    }
    expect(refused.filter((each) => each !== null)).toEqual([]);
  },
);

test.each([
  ['disabled', 'npx roundsman bots enable watch'],
  ['error', 'npx roundsman bots show watch'],
  ['paused', 'npx roundsman bots run watch'],
] as const)(
  'of a bot that is %s a run is advised only where one is taken',
  async (status, command) => {
    await db
      .updateTable('bots')
      .set({ status, status_reason: 'no' })
      .where('id', '=', scene.bot)
      .execute();
    await decided(await sweep({ autonomy: 'suggest' }));
    const { out } = await roundsman(url, 'findings', 'explain', scene.finding);
    const line = out.split('\n').find((each) => each.startsWith('sweep') && each.includes('gate'))!;
    expect(line).toContain(status === 'paused' ? 'tickets approve' : command);
    expect(await isRefused(advised({ out: line, err: '' })[0]!)).toBeNull();
  },
);
