/** Each name that a person types: where nothing has it, the nearest one is told. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { beforeAll, expect, test } from 'vitest';
import { wholeProgram } from '../../src/bin/cli.ts';
import { leavesOf, nameOf } from '../docs/cli-page.ts';
import { testDatabase } from '../support/database.ts';
import { roundsman } from './command.ts';
import { insertKnowledge } from './known.ts';
import { insertBot, insertFinding, insertTicket } from './rows.ts';
import { ownFolder } from '../support/own-folder.ts';

const { db, url } = await testDatabase();
const folder = ownFolder('near-');
const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const log = file('access.log', '1.2.3.4 - - [22/Nov/2026:10:00:00] "GET / HTTP/1.1" 200 5\n');

beforeAll(async () => {
  const bot = await insertBot(db, 'watch', { api_endpoint: '/api/bots/ledger' });
  await insertBot(db, 'alerts', {
    api_endpoint: 'in:alerts',
    config: JSON.stringify({ kind: 'plain', secrets: ['TOKEN'] }),
  } as object);
  const finding = await insertFinding(db, bot, 'checkout is slow', {
    affected_component: 'checkout',
    category: 'latency',
    fingerprint: 'fp',
  });
  const of = { finding_id: finding, fingerprint: 'fp', assigned_to: 'annika', status: 'assigned' };
  await insertTicket(db, bot, 'checkout is slow', of as object);
  await insertKnowledge(db, 'sweep', {});
  await sql`INSERT INTO engine.secrets (name, variable, changed_by) VALUES ('TOKEN', 'MY_TOKEN', 'ann')`.execute(
    db,
  );
  const set = await roundsman(
    url,
    'notify',
    'set',
    file('good.yaml', 'channels: { record: { kind: log } }\nroutes: [{ to: [record] }]\n'),
  );
  expect(set.code, set.err).toBe(0);
});

const bots = ['show', 'edit', 'pause', 'resume', 'disable', 'enable', 'remove', 'run', 'next'].map(
  (verb) => [['bots', verb, 'wathc'], 'watch'] as [string[], string],
);
const entries = ['show', 'enable', 'disable', 'remove', 'stats', 'history'].map(
  (verb) => [['knowledge', verb, 'sweeep'], 'sweep'] as [string[], string],
);

const lookUps: [args: string[], meant: string][] = [
  ...bots,
  [['bots', 'rename', 'wathc', 'other'], 'watch'],
  [['bots', 'backfill', 'wathc', '--since', '1h'], 'watch'],
  [['limits', 'history', 'cooldown_minuts'], 'cooldown_minutes'],
  [['limits', 'revert', 'cooldown_minuts'], 'cooldown_minutes'],
  [['settings', 'history', 'runs_keep_dais'], 'runs_keep_days'],
  [['settings', 'revert', 'runs_keep_dais'], 'runs_keep_days'],
  [['bots', 'history', 'wathc'], 'watch'],
  [['bots', 'revert', 'wathc'], 'watch'],
  [['bots', 'catalogue', 'legder'], 'ledger'],
  [['bots', 'add', 'new', '--schedule', '@daily', '--endpoint', 'legder'], '/api/bots/ledger'],
  [['bots', 'verify', 'wathc'], 'watch'],
  [['bots', 'verify', 'https://a.example/bot', '--secret', 'TOKN'], 'TOKEN'],
  [['bots', 'edit', 'watch', '--endpoint', 'legder'], '/api/bots/ledger'],
  [['sources', 'show', 'alrets'], 'alerts'],
  [['sources', 'test', 'alrets'], 'alerts'],
  [['sources', 'rotate', 'alrets', '--secret', 'TOKEN'], 'alerts'],
  [['sources', 'rotate', 'alerts', '--secret', 'TOKN'], 'TOKEN'],
  [['sources', 'rotate', 'alerts', '--drop', 'TOKN'], 'TOKEN'],
  [['sources', 'add', 'builds', '--kind', 'plain', '--secret', 'TOKN'], 'TOKEN'],
  [['bots', 'edit', 'watch', '--timezone', 'Europe/Berlinn'], 'Europe/Berlin'],
  [['bots', 'edit', 'watch', '--set', 'max_findngs=1'], 'max_findings'],
  [['bots', 'edit', 'watch', '--unset', 'max_findngs'], 'max_findings'],
  [['round', 'wathc'], 'watch'],
  // Of the catalogue: a first round registers it.
  [['round', 'sentinel-apu'], 'sentinel-api'],
  [['runs', 'list', '--bot', 'wathc'], 'watch'],
  [['findings', 'list', '--bot', 'wathc'], 'watch'],
  [['actions', 'list', '--bot', 'wathc'], 'watch'],
  [['tickets', 'list', '--bot', 'wathc'], 'watch'],
  [['tickets', 'list', '--component', 'chekcout'], 'checkout'],
  [['tickets', 'list', '--category', 'latancy'], 'latency'],
  [['tickets', 'list', '--assigned-to', 'anika'], 'annika'],
  [['tickets', 'bulk', 'ack', '--bot', 'wathc'], 'watch'],
  [['tickets', 'bulk', 'ack', '--component', 'chekcout'], 'checkout'],
  [['tickets', 'bulk', 'ack', '--category', 'latancy'], 'latency'],
  [['tickets', 'bulk', 'ack', '--assigned-to', 'anika'], 'annika'],
  [['tickets', 'assign', 'T-1', 'anika'], 'annika'],
  [['tickets', 'resolve', 'T-1', '--notes', 'x', '--with', 'sweeep'], 'sweep'],
  [['tickets', 'approve', 'T-1', 'sweeep'], 'sweep'],
  [['tickets', 'reject', 'T-1', 'sweeep'], 'sweep'],
  ...entries,
  [['knowledge', 'edit', 'sweeep', '--pattern', 'slow'], 'sweep'],
  [['knowledge', 'rename', 'sweeep', 'other'], 'sweep'],
  [['knowledge', 'revert', 'sweeep'], 'sweep'],
  [['knowledge', 'history', 'sweeep'], 'sweep'],
  [['knowledge', 'test', 'slow', '--category', 'latancy'], 'latency'],
  [['knowledge', 'edit', 'sweep', '--autonomy', 'shadow', '--component', 'chekcout'], 'checkout'],
  [
    ['knowledge', 'add', 'a', '--category', 'latancy', '--pattern', 'slow', '--solution', 'look'],
    'latency',
  ],
  [
    [
      'knowledge',
      'edit',
      'sweep',
      '--solution-file',
      file('solution.yaml', 'steps:\n  - remedy: sesion.expire\n'),
    ],
    'session.expire',
  ],
  [['silences', 'add', '--bot', 'wathc', '--for', '1h', '--reason', 'x'], 'watch'],
  [['silences', 'add', '--component', 'chekcout', '--for', '1h', '--reason', 'x'], 'checkout'],
  [['silences', 'add', '--category', 'latancy', '--for', '1h', '--reason', 'x'], 'latency'],
  [['maintenance', 'add', '--bot', 'wathc', '--for', '1h', '--reason', 'x'], 'watch'],
  [['maintenance', 'add', '--component', 'chekcout', '--for', '1h', '--reason', 'x'], 'checkout'],
  [['maintenance', 'add', '--category', 'latancy', '--for', '1h', '--reason', 'x'], 'latency'],
  [
    ['maintenance', 'add', '--timezone', 'Europe/Berlinn', '--for', '1h', '--reason', 'x'],
    'Europe/Berlin',
  ],
  [['notify', 'test', 'recrod'], 'record'],
  [['notify', 'preview', 'T-1', '--channel', 'recrod'], 'record'],
  [['notify', 'list', '--channel', 'recrod'], 'record'],
  [['notify', 'retry', 'recrod'], 'record'],
  [
    [
      'notify',
      'check',
      file(
        'bots.yaml',
        'channels: { record: { kind: log } }\nroutes: [{ to: [record], when: { bots: [wathc] } }]\n',
      ),
    ],
    'watch',
  ],
  [
    [
      'policy',
      'check',
      file('policy.yaml', 'rules: [{ when: { bots: [wathc] }, remind_every: 2h }]\n'),
    ],
    'watch',
  ],
  [
    [
      'policy',
      'check',
      file(
        'zone.yaml',
        'rules: []\nquiet_hours: { severities: [low], from: 22:00, to: 07:00, timezone: Europe/Berlinn }\n',
      ),
    ],
    'Europe/Berlin',
  ],
  [['secrets', 'remove', 'TOKNE', '--yes'], 'TOKEN'],
  [['limits', 'cooldown_minuts'], 'cooldown_minutes'],
  [['settings', 'conectivity_url'], 'connectivity_url'],
  [['mode', 'saef'], 'safe'],
  [['jobs', 'show', 'tdiy'], 'tidy'],
  [['jobs', 'run', 'tdiy'], 'tidy'],
  [['jobs', 'history', 'tdiy'], 'tidy'],
  [['import', 'access-log', log, '--format', 'combind'], 'combined'],
  [['import', 'access-log', log, '--time-zone', 'Europe/Berlinn'], 'Europe/Berlin'],
  [['db', 'queue', 'reids'], 'redis'],
  [['db', 'seed', '--fault', 'janitor.expired-sesions'], 'janitor.expired-sessions'],
];

test.each(lookUps)('%j is told %s', async (args, meant) => {
  const { err, out } = await roundsman(url, ...args);
  const told = `${err} ${out}`.replaceAll(/\s+/g, ' ');
  expect(told).toMatch(/did you mean [^?]*\?/i);
  expect(/did you mean ([^?]*)\?/i.exec(told)![1]).toContain(meant);
});

test('every option and argument that is a name is among them', () => {
  const asked = lookUps.map(([args]) => args.join(' '));
  const known = (command: string, option?: string) =>
    asked.some((line) => line.startsWith(command) && (!option || line.includes(` ${option} `)));
  const isName =
    /<name>|\[name\]|<names\.\.\.>|<channel>|<entry>|\[knowledge\]|<zone>|\[bot\.\.\.\]/;
  // A new name, a person who acts, a field, a set of definitions, and an account of the machine: nothing has them before.
  const isFree = (text: string) => /--as |--display-name|--set <name>|--user /.test(text);
  for (const command of leavesOf(wholeProgram())) {
    // A review needs a terminal, and asks the filters of the list.
    const name = nameOf(command)
      .replace(/^tickets bulk .*/, 'tickets bulk')
      .replace('tickets review', 'tickets list');
    if (['bots add', 'bots check', 'bots new', 'knowledge add', 'secrets set'].includes(name))
      continue;
    for (const argument of command.registeredArguments) {
      const text = argument.variadic ? `<${argument.name()}...>` : `<${argument.name()}>`;
      if (isName.test(text)) expect(known(name), `${name} ${text}`).toBe(true);
    }
    for (const { flags, long } of command.options)
      if (isName.test(flags) && !isFree(flags))
        expect(
          known(name, long!) || name === 'import error-log' || flags.includes('--as'),
          `${name} ${flags}`,
        ).toBe(true);
  }
});

test('a misspelled command or option is told the nearest', async () => {
  for (const [args, meant] of [
    [['tikets'], 'tickets'],
    [['tickets', 'lst'], 'list'],
    [['tickets', 'bulk', 'asign'], 'assign'],
    [['tickets', 'list', '--assignd-to', 'ann'], '--assigned-to'],
  ] as [string[], string][]) {
    const { code, err } = await roundsman(url, ...args);
    expect({ code, err }).toEqual({
      code: 2,
      err: expect.stringContaining(`Did you mean ${meant}?`),
    });
  }
});
