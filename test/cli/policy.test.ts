/** The escalation policy as people look at it, check it and set it; and what a ticket says of it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { defaultPolicy } from '../../src/policy/default.ts';
import { escalateDue } from '../../src/services/policy/escalate.ts';
import { movableClock } from '../support/clocks.ts';
import { testDatabase } from '../support/database.ts';
import { roundsman } from './command.ts';
import { insertBot, insertFinding, insertTicket } from './rows.ts';
import { ownFolder } from '../support/own-folder.ts';

const { db, url } = await testDatabase();
const later = await movableClock(db);
const folder = ownFolder('policy-');
let bot: string;

beforeEach(async () => {
  await sql`TRUNCATE bots, bot_silences CASCADE`.execute(db);
  bot = await insertBot(db, 'watch');
  await roundsman(url, 'policy', 'set', '--default');
});

const file = (text: string, name = 'policy.yaml'): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const current = async () => (await roundsman(url, 'policy', 'show', '--json')).json();
const job = () => db.transaction().execute((trx) => escalateDue(trx, 500));

const some = `rules:
  - when: { severities: [critical] }
    steps: [{ after: 15m, to: owner }]
    remind_every: 30m
  - when: { categories: [api], bots: [wacht] }
    page_again_after: 4h
    raise_after: 24h
quiet_hours: { severities: [low], from: 22:00, to: 07:00, timezone: Europe/Berlin, days: [sat] }
`;

describe('show', () => {
  test('prints the policy in force as a document that can be set again', async () => {
    const { code, out } = await roundsman(url, 'policy', 'show');
    expect(code).toBe(0);
    expect(out).toMatch(/^# Policy \d+, in force since .* UTC, by \S+\nrules:\n/);
    expect(parse(out)).toEqual(defaultPolicy);
    const same = await roundsman(url, 'policy', 'set', file(out));
    expect(same.out).toMatch(/^Policy \d+ says this already: nothing changed\.$/m);
  });

  test('prints an earlier version, and says that there is no later one', async () => {
    const { version } = await current();
    await roundsman(url, 'policy', 'set', file(some));
    const earlier = await roundsman(url, 'policy', 'show', String(version));
    expect(earlier.out).toMatch(
      new RegExp(`^# Policy ${version}, set at .*; policy ${version + 1} is in force`),
    );
    const none = await roundsman(url, 'policy', 'show', '99999');
    expect(none).toMatchObject({ code: 3 });
    expect(none.err).toContain(`the newest one is policy ${version + 1}`);
  });

  test('says what the engine cannot read, and shows no escape of it', async () => {
    await sql`INSERT INTO engine.policies (policy, set_by) VALUES ('{"rules": "\\u001b[2J"}', E'e\x1b[2Jve')`.execute(
      db,
    );
    const { code, out, err } = await roundsman(url, 'policy', 'show');
    expect(code).toBe(0);
    expect(err).toContain('the engine cannot read this policy');
    // oxlint-disable-next-line no-control-regex
    expect(out).not.toMatch(/\x1b/);
  });
});

test('a policy is shown in the order in which documents are written, and given back says the same', async () => {
  const written = `rules:
  - name: nights
    when:
      severities:
        - high
      categories:
        - api
    steps:
      - after: 15m
        to: bob
    remind_every: 1h
    page_again_after: 4h
    raise_after: 24h
quiet_hours:
  severities:
    - low
  from: 22:00
  to: 07:00
  days:
    - sat
  timezone: Europe/Berlin
`;
  await roundsman(url, 'policy', 'set', file(written));
  const { out } = await roundsman(url, 'policy', 'show');
  expect(out.split('\n').slice(1).join('\n')).toBe(written);
  expect((await roundsman(url, 'policy', 'set', file(out))).out).toContain('says this already');
});

describe('check', () => {
  test('says of what is critical no more that it becomes more severe', async () => {
    const text =
      'rules:\n  - { when: { bots: [watch] }, remind_every: 1h, raise_after: 1h }\n  - raise_after: 24h\n';
    const { out } = await roundsman(url, 'policy', 'check', file(text));
    expect(out).toMatch(/^critical +bot watch +is reminded of every 1h$/m);
    expect(out).toMatch(/^critical +all others +nothing happens by itself$/m);
    expect(out).toMatch(/^high +all others +becomes more severe after 1d$/m);
  });

  test('says what would happen for each severity, what differs, and writes nothing', async () => {
    const before = await current();
    const { code, out, err } = await roundsman(url, 'policy', 'check', file(some));
    expect(code).toBe(0);
    expect(out).toMatch(/^critical +all +goes to owner after 15m; is reminded of every 30m +-$/m);
    expect(out).toMatch(
      /^high +category api, bot wacht +becomes more severe after 1d; once acknowledged, pages again after 4h without a change +-$/m,
    );
    expect(out).toMatch(/^high +all others +nothing happens by itself +-$/m);
    expect(out).toMatch(
      /^low +all others +nothing happens by itself +22:00 to 07:00 Europe\/Berlin, sat$/m,
    );
    expect(out).toContain(`Differences from policy ${before.version}, which is in force`);
    expect(out).toContain(
      '- with javari (javari has no way to act): goes to admin after 30m, to owner after 1h',
    );
    expect(out).toContain('+ critical: goes to owner after 15m; is reminded of every 30m');
    expect(err).toContain('there is no bot wacht; did you mean watch?');
    expect(await current()).toEqual(before);
    const as = (await roundsman(url, 'policy', 'check', file(some), '--json')).json();
    expect(as).toMatchObject({ policy: parse(some), current: before.version });
    expect(as.outcomes).toHaveLength(9);
    const same = await roundsman(url, 'policy', 'check', file(JSON.stringify(defaultPolicy)));
    expect(same.out).toContain('It says the same as policy');
  });

  test.each([
    [
      'a mistake',
      'rules:\n  - steps: [{ after: 30, to: a }]\n',
      'policy.yaml:2:22: rule 1, step 1, after: it has no unit',
    ],
    ['no text', '', 'the policy: has to be a map of rules and quiet_hours'],
    ['no YAML', 'rules: [', 'policy.yaml:1:9:'],
  ])('%s is refused with its place, by check and by set', async (_, text, why) => {
    const before = await current();
    for (const command of ['check', 'set']) {
      const { code, err } = await roundsman(url, 'policy', command, file(text));
      expect(code).toBe(2);
      expect(err).toContain(why);
    }
    expect(await current()).toEqual(before);
  });

  test('a file that cannot be read is refused', async () => {
    for (const [path, why] of [
      [join(folder, 'none.yaml'), 'there is no such file'],
      [folder, 'director'],
      [file('#'.repeat(20_000), 'long.yaml'), 'longer than 16384 bytes'],
    ] as const) {
      const { code, err } = await roundsman(url, 'policy', 'check', path);
      expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(why) });
    }
  });
});

describe('set', () => {
  test('adds a version, and says how many tickets keep theirs', async () => {
    const { version } = await current();
    await insertTicket(db, bot, 'old');
    const { code, out } = await roundsman(url, 'policy', 'set', file(some), '--as', 'ann');
    expect(code).toBe(0);
    expect(out).toContain(
      `Policy ${version + 1} is in force for tickets that are opened from now on.`,
    );
    expect(out).toContain('1 pending ticket keeps the policy with which it began.');
    expect(await current()).toMatchObject({
      version: version + 1,
      set_by: 'ann',
      policy: parse(some),
    });
    const back = await roundsman(url, 'policy', 'set', '--default', '--json');
    expect(back.json()).toMatchObject({ version: version + 2, policy: defaultPolicy });
  });

  test('takes a file or --default, and not both or none', async () => {
    for (const args of [[], [file(some), '--default']])
      expect((await roundsman(url, 'policy', 'set', ...args)).code).toBe(2);
  });
});

describe('a ticket', () => {
  test('says what comes next, and its history what came', async () => {
    const { version } = await current();
    const ticket = await insertTicket(db, bot, 'it pages', {
      severity: 'high',
      status: 'assigned',
      assigned_to: 'javari',
    });
    await later(18 * 60);
    const shown = await roundsman(url, 'tickets', 'show', ticket);
    expect(shown.out).toMatch(
      new RegExp(`^Next +goes to admin in 1[12]m \\(policy ${version}, step 1\\)$`, 'm'),
    );
    expect((await roundsman(url, 'tickets', 'show', ticket, '--json')).json()).toMatchObject({
      policy_version: version,
      next_escalation: { kind: 'step', step: 1, to: 'admin', at: expect.any(String) },
    });
    await later(13 * 60);
    expect((await roundsman(url, 'tickets', 'show', ticket)).out).toContain(
      'goes to admin within a minute',
    );
    await job();
    expect((await roundsman(url, 'tickets', 'history', ticket, '-o', 'table')).out).toMatch(
      new RegExp(
        ` given to the next person +policy +from javari to admin: step 1 of policy ${version}$`,
        'm',
      ),
    );
    await later(3_600);
    await job();
    expect((await roundsman(url, 'tickets', 'show', ticket)).out).toMatch(
      new RegExp(`^Next +no further escalation \\(policy ${version}\\)$`, 'm'),
    );
    await roundsman(url, 'tickets', 'resolve', ticket, '--notes', 'mended');
    expect((await roundsman(url, 'tickets', 'show', ticket)).out).not.toMatch(/^Next /m);
  });

  test('tells of reminders, of what the policy raised, and of a step to whom it is with', async () => {
    const text = `rules:
  - steps: [{ after: 10m, to: ann }]
    remind_every: 20m
    raise_after: 1h
    page_again_after: 2h`;
    await roundsman(url, 'policy', 'set', file(text));
    const finding = await insertFinding(db, bot, 'f', { fingerprint: 'f' });
    const ticket = await insertTicket(db, bot, 'it pages', {
      severity: 'low',
      status: 'assigned',
      assigned_to: 'ann',
      finding_id: finding,
      fingerprint: 'f',
    });
    const { version } = await current();
    for (const minutes of [10, 20, 30]) {
      await later(minutes * 60);
      await job();
    }
    const { out } = await roundsman(url, 'tickets', 'history', ticket, '-o', 'table');
    expect(out).toContain(
      `it stays with ann, who did not acknowledge it: step 1 of policy ${version}`,
    );
    expect(out).toContain(`it is not acknowledged; it is with ann (policy ${version})`);
    expect(out).toContain(`from low to medium: not acknowledged for 1h (policy ${version})`);
    await roundsman(url, 'tickets', 'ack', ticket, '--as', 'ann');
    expect((await roundsman(url, 'tickets', 'show', ticket)).out).toMatch(
      new RegExp(`^Next +people are reminded of it in (1h|2h) \\(policy ${version}\\)$`, 'm'),
    );
    expect((await roundsman(url, 'tickets', 'show', ticket)).out).toContain(
      'medium, as the policy said: not acknowledged for 1h (runs find low)',
    );
  });

  test('that a person takes is acknowledged, and one that they are given is not', async () => {
    const ticket = await insertTicket(db, bot, 'it pages');
    const to = await roundsman(url, 'tickets', 'assign', ticket, 'bob', '--as', 'ann');
    expect(to.out).toBe(`Assigned ${ticket} to bob.\n`);
    const took = await roundsman(url, 'tickets', 'assign', ticket, 'bob', '--as', 'bob');
    expect(took.out).toBe(`Assigned ${ticket} to bob. Its response clock has stopped.\n`);
    const again = await roundsman(url, 'tickets', 'assign', ticket, 'bob', '--as', 'bob');
    expect(again.out).toContain("is bob's already");
  });
});
