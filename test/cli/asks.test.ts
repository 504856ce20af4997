/** What asks before it acts: in a terminal, without one, and when a person leaves instead of answering. */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';
import { wholeProgram } from '../../src/bin/cli.ts';
import { plantErrors } from '../../src/demo/plant-errors.ts';
import { leavesOf, nameOf } from '../docs/cli-page.ts';
import { testDatabase } from '../support/database.ts';
import { hasTerminal, inTerminal, keys } from '../support/terminal.ts';
import { roundsman, start } from './command.ts';
import { insertAction, insertDecision, insertKnowledge, steps } from './known.ts';
import { insertBot, insertFinding, insertTicket } from './rows.ts';
import { ownFolder } from '../support/own-folder.ts';

const { db, url } = await testDatabase();
/** A file by which an entry acts alone. */
const actsAlone = join(ownFolder('apply-'), 'knowledge.yaml');
writeFileSync(
  actsAlone,
  'apiVersion: roundsman/v1\nkind: knowledge\ndefinitions:\n  sweep: { autonomy: auto }\n',
);
let ticket: string;
let action: string;
let silence: string;

beforeEach(async () => {
  await sql`TRUNCATE bots, bot_knowledge, bot_silences, bot_maintenance, engine.secrets, error_logs, engine.error_groups, engine.error_templates, engine.grouped_errors CASCADE`.execute(
    db,
  );
  await sql`UPDATE engine.error_cursor SET next_id = 1`.execute(db);
  await sql`UPDATE engine.settings SET value = '"safe"' WHERE key = 'mode'`.execute(db);
  const bot = await insertBot(db, 'watch');
  await insertBot(db, 'quiet');
  await sql`INSERT INTO bot_silences (owner, reason, until_resolved, component) VALUES ('ann', 'known', true, 'quiet')`.execute(
    db,
  );
  const finding = await insertFinding(db, bot, 'sessions pile up', { fingerprint: 'fp' });
  ticket = await insertTicket(db, bot, 'sessions pile up', {
    fingerprint: 'fp',
    finding_id: finding,
  });
  const knowledge = await insertKnowledge(db, 'sweep', { solution: steps('bot.pause') });
  await insertDecision(db, { bot, finding, knowledge });
  await plantErrors(db, [{ error_type: 'app', error_message: 'It failed', at: new Date() }]);
  await insertKnowledge(db, 'broom', { autonomy: 'auto', enabled: false });
  action = await insertAction(db, bot, 'held', 60, {
    remedy: 'bot.pause',
    risk: 'reversible',
    action_description: 'Pause a bot',
  });
  await insertBot(db, 'edited');
  await sql`UPDATE bots SET priority = 5 WHERE name = 'edited'`.execute(db);
  await insertKnowledge(db, 'changed', {});
  await sql`UPDATE bot_knowledge SET solution = 'another' WHERE name = 'changed'`.execute(db);
  const ended = await sql<{
    id: string;
  }>`INSERT INTO bot_silences (owner, reason, until_resolved, component)
    VALUES ('ann', 'known', true, 'other') RETURNING id`.execute(db);
  silence = ended.rows[0]!.id;
  await sql`UPDATE bot_silences SET ended_at = now() WHERE id = ${silence}`.execute(db);
  await sql`INSERT INTO engine.policies (policy, set_by) VALUES ('{"rules": []}', 'ann')`.execute(
    db,
  );
  for (const [key, value] of [
    ['healing', { cooldown_minutes: Math.round(Math.random() * 1_000) }],
    ['http_hosts', ['a.example', `${crypto.randomUUID()}.example`]],
    ['notifications', { channels: { [`c-${crypto.randomUUID()}`]: { kind: 'log' } }, routes: [] }],
  ] as const)
    await sql`
      INSERT INTO engine.settings AS s (key, value) VALUES (${key}, ${JSON.stringify(value)}::jsonb)
      ON CONFLICT (key) DO UPDATE SET value = CASE ${key} WHEN 'healing' THEN s.value ELSE '{}' END || excluded.value
    `.execute(db);
  await sql`INSERT INTO engine.secrets (name, variable, changed_by) VALUES ('TOKEN', 'MY_TOKEN', 'ann')`.execute(
    db,
  );
});

/** All that the commands below may write. */
const tables = [
  'bots',
  'bot_executions',
  'bot_findings',
  'bot_actions',
  'bot_decisions',
  'bot_tickets',
  'bot_ticket_events',
  'bot_knowledge',
  'bot_knowledge_autonomy',
  'bot_knowledge_events',
  'bot_silences',
  'bot_maintenance',
  'engine.settings',
  'engine.policies',
  'engine.secrets',
  'engine.error_groups',
  'engine.error_templates',
  'engine.error_cursor',
];

async function everything(): Promise<Record<string, unknown>> {
  const rows: Record<string, unknown> = {};
  for (const table of tables)
    rows[table] = (
      await sql`SELECT to_jsonb(t) AS row FROM ${sql.table(table)} t ORDER BY to_jsonb(t)::text`.execute(
        db,
      )
    ).rows;
  return rows;
}

/** Each command that asks, with arguments for which it does, and what it asks. */
const asking = (): Record<string, { args: string[]; question: string }> => ({
  'tickets approve': { args: [ticket], question: `Apply it to ${ticket}?` },
  'tickets resolve': { args: [ticket, '--notes', 'swept', '--learn'], question: 'Learn this?' },
  'actions undo': { args: [action], question: 'Undo it?' },
  mode: { args: ['auto'], question: 'Set it?' },
  'knowledge edit': {
    args: ['sweep', '--autonomy', 'auto'],
    question: 'Let sweep act alone?',
  },
  'knowledge enable': { args: ['broom'], question: 'Let broom act alone again?' },
  'silences add': {
    args: ['--component', '/v9', '--for', '2h', '--reason', 'moved'],
    question: 'Silence it all the same?',
  },
  'maintenance add': {
    args: ['--component', '/v9', '--for', '2h', '--reason', 'moved'],
    question: 'Add it all the same?',
  },
  'errors split': {
    args: ['1', '--containing', 'no such words'],
    question: 'Split it off all the same?',
  },
  'secrets remove': { args: ['TOKEN'], question: 'Remove TOKEN?' },
  'bots disable': { args: ['watch'], question: 'Disable watch?' },
  'bots remove': { args: ['watch'], question: 'Remove watch?' },
  'bots rename': { args: ['quiet', 'still'], question: 'Rename quiet to still?' },
  'knowledge remove': { args: ['sweep'], question: 'Remove sweep?' },
  'bots revert': { args: ['edited'], question: 'Set edited back to version 1?' },
  'knowledge revert': { args: ['changed'], question: 'Set changed back to version 1?' },
  'silences revert': { args: [silence], question: `Set ${silence.slice(0, 8)} back to version 1?` },
  'policy revert': { args: [], question: 'Set policy back to version' },
  'notify revert': { args: [], question: 'Set notifications back to version' },
  'limits revert': { args: ['cooldown_minutes'], question: 'Set cooldown_minutes back to version' },
  'settings revert': { args: ['http_hosts'], question: 'Set http_hosts back to version' },
  apply: {
    args: ['-f', actsAlone],
    question: 'sweep: it will act without being asked. Apply?',
  },
});

/** Commands that ask with how many they mean, and take that number for a yes: tickets-bulk.test.ts. */
const inBulk = 'ack assign unassign snooze severity comment resolve reopen close'
  .split(' ')
  .map((change) => `tickets bulk ${change}`);

/** Commands that ask before they change files, or what tests of their own have: test/cli/doctor-fix.test.ts. */
const inFiles = ['doctor', 'install systemd'];

/** Commands that only read. */
const reads = [
  'status',
  'report',
  'health',
  'completion',
  'db status',
  'db backups',
  'demo',
  'bots list',
  'bots show',
  'bots next',
  'bots catalogue',
  'bots check',
  'bots verify',
  'runs list',
  'runs show',
  'errors list',
  'errors show',
  'findings list',
  'findings show',
  'findings explain',
  'tickets list',
  'tickets show',
  'tickets explain',
  'tickets history',
  'tickets related',
  // What a key does is asked where it cannot be undone: test/cli/review.
  'tickets review',
  'export',
  'diff',
  'schema',
  'policy show',
  'policy check',
  'actions list',
  'actions show',
  'knowledge list',
  'knowledge show',
  'knowledge test',
  'knowledge stats',
  'knowledge history',
  'bots history',
  'silences history',
  'policy history',
  'notify history',
  'limits history',
  'settings history',
  'silences list',
  'maintenance list',
  'secrets list',
  'sources list',
  'sources show',
  'notify show',
  'notify check',
  'notify preview',
  'notify explain',
  'notify list',
  'jobs list',
  'jobs show',
  'jobs history',
  'retention preview',
  'db url',
  // What is typed into it, psql does.
  'db shell',
];

/** Commands that write what is typed, or ask for what schedules do by themselves. */
const writes = [
  'init',
  'up',
  'scheduler',
  'worker',
  'web',
  'round',
  'bots run',
  'bots backfill',
  'runs cancel',
  'jobs run',
  'jobs cancel',
  'bots add',
  'bots new',
  'bots edit',
  'bots pause',
  'bots resume',
  'bots enable',
  'tickets assign',
  'tickets reject',
  'tickets ack',
  'tickets comment',
  'tickets unassign',
  'tickets reopen',
  'tickets close',
  'tickets severity',
  'tickets merge',
  'tickets snooze',
  'tickets unmerge',
  'tickets from',
  'policy set',
  'knowledge add',
  'knowledge disable',
  'knowledge rename',
  'knowledge verify',
  'errors merge',
  'errors mute',
  'errors unmute',
  'silences end',
  'maintenance end',
  'limits',
  'settings',
  'secrets set',
  'secrets rotate',
  'sources add',
  'sources test',
  'sources rotate',
  'notify set',
  'notify test',
  'notify retry',
  'import access-log',
  'import error-log',
  'db migrate',
  'db queue',
  'db seed',
  'db backup make',
  'db backup verify',
  'db restore',
];

test('every command says whether it asks: exactly those that do take --yes', () => {
  const leaves = leavesOf(wholeProgram());
  const names = leaves.map(nameOf);
  const asks = Object.keys(asking());
  const known = new Set([...asks, ...inBulk, ...inFiles, ...reads, ...writes]);
  expect([...known].filter((name) => !names.includes(name))).toEqual([]);
  expect(names.filter((name) => !known.has(name))).toEqual([]);
  const takesYes = leaves.filter(({ options }) => options.some(({ long }) => long === '--yes'));
  expect(takesYes.map(nameOf).toSorted()).toEqual([...asks, ...inBulk, ...inFiles].toSorted());
});

const commands = () =>
  Object.entries(asking()).map(([name, { args, question }]) => ({
    name,
    args: [...name.split(' '), ...args],
    question,
  }));

test('without a terminal each ends with 2, says what to try, and has written nothing', async () => {
  const before = await everything();
  for (const { name, args, question } of commands()) {
    const { code, err } = await roundsman(url, ...args);
    expect({ name, code, err }).toEqual({ name, code: 2, err: expect.stringContaining('--yes') });
    expect(err).toContain(question);
    expect(await everything(), name).toEqual(before);
  }
}, 240_000);

test('an answer that comes through a pipe is none: nothing is assumed', async () => {
  const before = await everything();
  const bin = fileURLToPath(new URL('../../src/bin/roundsman.js', import.meta.url));
  const child = spawn(process.execPath, [bin, 'tickets', 'approve', ticket], {
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { PATH: process.env.PATH, DATABASE_URL: url, REDIS_URL: '' },
  });
  child.stdin.on('error', () => {}).end('y\ny\n');
  expect(await new Promise((resolve) => child.once('close', resolve))).toBe(2);
  expect(await everything()).toEqual(before);
});

test('with --yes each acts, without a terminal too', async () => {
  for (const { name, args } of commands()) {
    const before = await everything();
    const { code } = await start(url, [...args, '--yes']).ended;
    expect({ name, code }).toEqual({ name, code: 0 });
    expect(await everything(), name).not.toEqual(before);
    // The ticket is needed once more.
    if (name === 'tickets approve') await sql`UPDATE bot_tickets SET status = 'open'`.execute(db);
  }
}, 240_000);

describe.skipIf(!hasTerminal)('in a terminal', () => {
  test('Ctrl-C at each question ends with 130 and has written nothing', async () => {
    const before = await everything();
    for (const { name, args, question } of commands()) {
      const { code, asked, shown } = await inTerminal(url, args, [[question, keys.interrupt]]);
      expect({ name, code, asked, shown }).toMatchObject({ name, code: 130, asked: true });
      expect(await everything(), name).toEqual(before);
    }
  }, 240_000);

  const texts: [string, string[], [string, string][]][] = [
    ['an endpoint', ['bots', 'add', 'night'], [['What runs', keys.interrupt]]],
    [
      'a schedule',
      ['bots', 'add', 'night', '--endpoint', '/api/bots/janitor'],
      [['Schedule, in cron', keys.interrupt]],
    ],
    ['a category', ['knowledge', 'add', 'mop'], [['Category of', keys.interrupt]]],
    [
      'a solution',
      ['knowledge', 'add', 'mop', '--category', 'api', '--pattern', 'pile'],
      [['What helps', keys.interrupt]],
    ],
    [
      'a reason, half typed',
      ['silences', 'add', '--component', '/v1', '--for', '2h'],
      [['Why: ', `moved${keys.interrupt}`]],
    ],
    ['notes', ['tickets', 'resolve', 'TICKET'], [['What was done: ', keys.interrupt]]],
    [
      'the question after the notes',
      ['tickets', 'resolve', 'TICKET', '--learn'],
      [
        ['What was done: ', `swept${keys.enter}`],
        ['Learn this?', keys.interrupt],
      ],
    ],
    ['a secret', ['secrets', 'set', 'OTHER'], [['not shown): ', `half${keys.interrupt}`]]],
  ];
  const env = { ROUNDSMAN_KEYS: `k1:${Buffer.alloc(32, 1).toString('base64')}` };
  const named = (args: string[]) => args.map((arg) => (arg === 'TICKET' ? ticket : arg));

  test.each(texts)('Ctrl-C at %s ends with 130 and has written nothing', async (_, args, typed) => {
    const before = await everything();
    const { code, asked, shown } = await inTerminal(url, named(args), typed, env);
    expect({ code, asked, shown }).toMatchObject({ code: 130, asked: true });
    expect(shown).not.toContain('half');
    expect(await everything()).toEqual(before);
  });

  const learn = () => ['tickets', 'resolve', ticket, '--notes', 'swept', '--learn'];

  test.each([
    ['the end of input', keys.end, 2],
    ['SIGTERM', 'signal:SIGTERM', 143],
    ['SIGHUP, as of a closed terminal,', 'signal:SIGHUP', 130],
  ])(
    '%s at a question has written nothing',
    async (_, what, status) => {
      const before = await everything();
      for (const args of [learn(), ['tickets', 'approve', ticket]]) {
        const { code, asked } = await inTerminal(url, args, [['[y/N]: ', what]]);
        expect({ code, asked }).toEqual({ code: status, asked: true });
      }
      const notes = await inTerminal(
        url,
        ['tickets', 'resolve', ticket],
        [['What was done: ', what]],
      );
      expect(notes).toMatchObject({ code: status, asked: true });
      expect(await everything()).toEqual(before);
    },
    240_000,
  );

  test('no is an answer: nothing is approved, and a ticket is resolved without learning', async () => {
    const before = await everything();
    for (const answer of ['n', '', 'yess', 'ja']) {
      const { code, shown } = await inTerminal(
        url,
        ['tickets', 'approve', ticket],
        [['[y/N]: ', `${answer}${keys.enter}`]],
      );
      expect({ code, shown }).toEqual({ code: 0, shown: expect.stringContaining('nothing was') });
    }
    expect(await everything()).toEqual(before);
    const { code } = await inTerminal(url, learn(), [['[y/N]: ', `n${keys.enter}`]]);
    expect(code).toBe(0);
    const after = await everything();
    expect(after.bot_knowledge).toEqual(before.bot_knowledge);
    expect(after.bot_tickets).toMatchObject([{ row: { status: 'resolved' } }]);
  }, 240_000);

  test.each(['y', 'YES'])('%s is a yes', async (answer) => {
    const { code } = await inTerminal(
      url,
      ['tickets', 'approve', ticket],
      [['[y/N]: ', `${answer}${keys.enter}`]],
    );
    expect(code).toBe(0);
    expect((await everything()).bot_executions).toHaveLength(1);
  });
});

test('what asks only about a part asks nothing where that part is not there', async () => {
  for (const args of [
    ['mode', 'off'],
    ['knowledge', 'edit', 'sweep', '--autonomy', 'shadow'],
    ['knowledge', 'enable', 'sweep'],
    ['silences', 'add', '--component', '/v1', '--for', '2h', '--reason', 'moved'],
    ['maintenance', 'add', '--component', '/v1', '--for', '2h', '--reason', 'moved'],
    ['tickets', 'resolve', ticket, '--notes', 'swept'],
  ])
    expect({ args, ...(await roundsman(url, ...args)) }).toMatchObject({ args, code: 0 });
}, 240_000);
