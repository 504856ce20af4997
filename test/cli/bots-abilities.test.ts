/** What a bot asks, may do and needs, as `bots show` and `bots catalogue` say it. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { bots, remedies } from '../../bots/index.ts';
import { catalogueOf } from '../../src/catalogue/catalogue.ts';
import { freedomInWords } from '../../src/cli/bots/abilities.ts';
import { registerCatalogue } from '../../src/schedule/register.ts';
import { abilitiesOf } from '../../src/services/bots/abilities.ts';
import { aBot, aRemedy, catalogue, clean, playbook } from '../support/builders.ts';
import { testDatabase } from '../support/database.ts';
import { hasTerminal, inTurnInTerminalOf } from '../support/terminal.ts';
import { roundsman } from './command.ts';

const { db, url } = await testDatabase();
await registerCatalogue(db, catalogueOf(bots, remedies));

test('a bot says its questions and what it may do by itself', async () => {
  const { out } = await roundsman(url, 'bots', 'show', 'ledger');
  expect(out).toContain('\nNeeds         profiles, credits, ');
  expect(out).toMatch(/\nChecks\n {2}cached-credits: [^\n]+\?\n/);
  expect(out).toContain(
    '\nWhat it may do\n  ledger.cached-credits: ledger.refresh-cached-credits (safe), acts by itself\n' +
      '  It advises by ledger.broken-balance-chain, ',
  );
  const { out: reporting } = await roundsman(url, 'bots', 'show', 'surveyor');
  expect(reporting).toContain('Nothing: it reports, and people act.');
});

test('--json has the same as fields', async () => {
  const shown = (await roundsman(url, 'bots', 'show', 'janitor', '--json')).json();
  const heal = {
    knowledge: 'session.expired',
    remedies: ['session.expire'],
    risk: 'safe',
    autonomy: 'auto',
  };
  const check = {
    name: 'expired-sessions',
    title: 'Are expired sessions deleted?',
    looks_outside: false,
  };
  expect(shown.checks).toContainEqual(check);
  expect(shown.heals).toContainEqual({ ...heal, enabled: true });
  expect(shown.needs).toContain('user_sessions');
  const brought = (await roundsman(url, 'bots', 'catalogue', 'janitor', '--json')).json();
  expect(brought.checks).toContainEqual(check);
  expect(brought.heals).toContainEqual(heal);
});

test('where an endpoint names no bot, it is not known', async () => {
  await sql`INSERT INTO bots (name, display_name, schedule_cron, api_endpoint) VALUES ('gone', 'Gone', '@daily', '/api/bots/gone')`.execute(
    db,
  );
  const shown = await roundsman(url, 'bots', 'show', 'gone', '--json');
  expect(shown.json()).toMatchObject({ checks: null, heals: null, secrets: null, needs: null });
  expect((await roundsman(url, 'bots', 'show', 'gone')).out).not.toContain('What it may do');
});

test('of its secrets those are named that its config needs', async () => {
  const of = catalogueOf(bots, remedies);
  const secretsOf = async (
    api_endpoint: string,
    config: Parameters<typeof abilitiesOf>[1]['config'],
  ) => (await abilitiesOf({ db, catalogue: of }, { api_endpoint, config }))!.secrets;
  const token = [{ name: 'GITHUB_TOKEN', stored: false }];
  expect(await secretsOf('/api/bots/architect', {})).toEqual(token);
  expect(await secretsOf('/api/bots/architect', { depends_on: {} })).toEqual(token);
  expect(await secretsOf('/api/bots/architect', { app_id: 1, installation_id: 2 })).toEqual([
    { name: 'GITHUB_APP_KEY', stored: false },
  ]);
  expect(await secretsOf('in:alarms', { kind: 'plain', secrets: ['IN_KEY'] })).toEqual([
    { name: 'IN_KEY', stored: false },
  ]);
});

test('it is told how this database stands to it', async () => {
  const own = await testDatabase();
  const entry = (name: string, solution: string, autonomy: 'auto' | 'suggest') => ({
    name,
    category: 'disk',
    pattern: `^${name}`,
    solution,
    autonomy,
  });
  const all = catalogue(
    [
      aBot(
        'watch',
        { first: async () => clean() },
        {
          looksOutside: true,
          secrets: ['STRIPE_KEY', 'MAIL_KEY'],
          needs: ['profiles'],
          knowledge: [
            entry('disk-full', playbook('disk.tidy', 'disk.grow', 'disk.tidy'), 'auto'),
            entry('disk-slow', playbook('disk.tidy'), 'auto'),
            entry('disk-old', playbook('disk.tidy'), 'auto'),
            entry('disk-gone', 'buy a new one', 'suggest'),
          ],
        },
      ),
    ],
    [
      aRemedy('disk.tidy', async () => {}),
      aRemedy('disk.grow', async () => {}, { risk: 'reversible' }),
    ],
  );
  await registerCatalogue(own.db, all);
  await sql`UPDATE bot_knowledge SET autonomy = 'suggest', name = 'renamed' WHERE name = 'disk-slow'`.execute(
    own.db,
  );
  await sql`UPDATE bot_knowledge SET enabled = false WHERE name = 'disk-old'`.execute(own.db);
  await sql`INSERT INTO engine.secrets (name, id, variable, changed_by) VALUES ('MAIL_KEY', gen_random_uuid(), 'MAIL', 'ann')`.execute(
    own.db,
  );
  const tidy = { remedies: ['disk.tidy'], risk: 'safe' };
  expect(
    await abilitiesOf(
      { db: own.db, catalogue: all },
      { api_endpoint: '/api/bots/watch', config: {} },
    ),
  ).toEqual({
    checks: [{ name: 'first', title: 'first', looks_outside: true }],
    heals: [
      {
        knowledge: 'disk-full',
        remedies: ['disk.tidy', 'disk.grow'],
        risk: 'reversible',
        autonomy: 'auto',
        enabled: true,
      },
      { knowledge: 'disk-slow', ...tidy, autonomy: 'suggest', enabled: true },
      { knowledge: 'disk-old', ...tidy, autonomy: 'auto', enabled: false },
    ],
    advice: ['disk-gone'],
    secrets: [
      { name: 'STRIPE_KEY', stored: false },
      { name: 'MAIL_KEY', stored: true },
    ],
    needs: ['profiles'],
    lacking: false,
  });
});

test.each([
  ['auto', 'safe', 'acts by itself'],
  ['auto', 'reversible', 'acts by itself in the mode auto'],
  ['auto', 'irreversible', 'asks a person'],
  ['suggest', 'safe', 'asks a person'],
  ['shadow', 'safe', 'only says what it would do'],
] as const)('%s and %s: %s', (autonomy, risk, words) => {
  expect(freedomInWords({ autonomy, risk })).toBe(words);
});

test.skipIf(!hasTerminal)('in 80 columns no line is longer', async () => {
  const lines = ['show', 'catalogue'].flatMap((verb) =>
    bots.map(({ name }) => `bots ${verb} ${name}`),
  );
  const { code, shown } = await inTurnInTerminalOf(80, url, lines);
  expect(code).toBe(0);
  const parts = shown.split(/^\$ /m).slice(1);
  expect(parts.map((part) => part.split(/\r?\n/, 1)[0])).toEqual(lines);
  for (const part of parts) {
    const said = part.split(/\r?\n/);
    expect(said.length, said[0]).toBeGreaterThan(5);
    expect({ of: said[0], long: said.filter((line) => line.length > 80) }).toEqual({
      of: said[0],
      long: [],
    });
  }
});
