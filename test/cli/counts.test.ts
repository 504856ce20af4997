/** What commands count agrees with each other and with the tables, on platforms that chance has made. */
import { stripVTControlCharacters } from 'node:util';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { program } from '../../src/cli/program.ts';
import { printRound } from '../../src/cli/round/summary.ts';
import { readRound } from '../../src/services/round/read.ts';
import type { Db } from '../../src/database/connect.ts';
import { severities } from '../../src/ground/severity.ts';
import { platformOf, type Platform } from './platform.ts';

let printed = '';
const keep = (text: unknown) => ((printed += String(text)), true);
beforeEach(() => {
  vi.stubEnv('NO_COLOR', '1');
  vi.spyOn(process.stdout, 'write').mockImplementation(keep);
  vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  // `status` sets it where something needs a person.
  process.exitCode = undefined;
});

function took(): string {
  const text = stripVTControlCharacters(printed);
  printed = '';
  return text;
}

/** What a command prints, in this process. */
async function said({ url }: Platform, ...args: string[]): Promise<string> {
  vi.stubEnv('DATABASE_URL', url);
  vi.stubEnv('REDIS_URL', '');
  await program([]).parseAsync(['node', 'roundsman', ...args]);
  return took();
}
const document = async (platform: Platform, ...args: string[]): Promise<any> =>
  JSON.parse(await said(platform, ...args, '--json'));

/** The rows of the table under the line that begins so, by the words of its head. */
function tableAfter(text: string, begin: string): Record<string, string>[] {
  const lines = text.split('\n');
  const from = lines.findIndex((line) => line.startsWith(begin));
  const [head = '', ...rest] = lines.slice(from === -1 ? lines.length : from + 1);
  const columns = [...head.matchAll(/\S+(?: \S+)*/g)].map(({ 0: word, index }) => ({
    word,
    index,
  }));
  const end = rest.findIndex((line) => line === '' || !/ {2}/.test(line));
  return rest
    .slice(0, end === -1 ? rest.length : end)
    .map((line) =>
      Object.fromEntries(
        columns.map(({ word, index }, place) => [
          word,
          line.slice(index, columns[place + 1]?.index).trim(),
        ]),
      ),
    );
}
const rowsOf = (text: string) => tableAfter(`\n${text}`, '');

const counted = async (db: Db, query: string): Promise<number> =>
  (await sql.raw<{ count: number }>(`SELECT count(*)::int AS count ${query}`).execute(db)).rows[0]!
    .count;
/** The sum of the numbers before these words; 0 without them. */
const before = (text: string, words: RegExp): number =>
  [...text.matchAll(new RegExp(`(\\d+) (?:${words.source})`, 'g'))].reduce(
    (sum, [, count]) => sum + Number(count),
    0,
  );
const line = (text: string, label: string): string =>
  text.split('\n').find((each) => each.startsWith(label)) ?? '';

const pending = "FROM bot_tickets WHERE status IN ('open', 'assigned')";
const open = 'FROM bot_findings WHERE resolved_at IS NULL';

const all = ['--limit', '1000'];

test.each([11, 23, 42])(
  'what is counted agrees on the platform of seed %i',
  { timeout: 120_000 },
  async (seed) => {
    const platform = await platformOf(seed);
    await sql`
      INSERT INTO bot_maintenance (owner, reason, components, occurrences)
      VALUES ('ann', 'moved', '{node-1,node-2,node-3}', tstzmultirange(tstzrange(engine.now() - interval '1 day', engine.now() + interval '1 day')))`.execute(
      platform.db,
    );
    await findingsAgree(platform);
    await ticketsAgree(platform);
    await runsAgree(platform);
    await healsAgree(platform);
    await roundAgrees(platform);
  },
);

/** Open ones, in lists, status and by bot. */
async function findingsAgree(platform: Platform): Promise<void> {
  const { db } = platform;
  const number = await counted(db, open);
  const list = await document(platform, 'findings', 'list', ...all);
  expect(list).toHaveLength(number);
  expect(rowsOf(await said(platform, 'findings', 'list', ...all, '-o', 'table'))).toHaveLength(
    number,
  );

  const status = await document(platform, 'status');
  const text = await said(platform, 'status');
  const isSuppressed = ({ ticket }: any) => ticket?.stands_for === 'suppressor';
  const suppressed = list.filter(isSuppressed);
  const told = list.filter((each: any) => !isSuppressed(each));
  expect(suppressed.every(({ suppressor }: any) => suppressor !== null)).toBe(true);
  const none = Object.groupBy(
    list.filter(({ ticket }: any) => ticket === null),
    (each: any) => each.severity,
  );
  expect(status.findings_without_ticket).toEqual(
    Object.fromEntries(Object.entries(none).map(([word, of]) => [word, of!.length])),
  );
  const silenced = told.filter((each: any) => each.bot_silences.length > 0);
  const held = told.filter(
    (each: any) => each.bot_maintenance.length > 0 && each.bot_silences.length === 0,
  );
  expect(status.quiet_findings).toEqual({
    suppressed: suppressed.length,
    silenced: silenced.length,
    maintenance: held.length,
  });
  expect(status.maintenance.open_findings).toBe(
    list.filter((each: any) => each.bot_maintenance.length > 0).length,
  );
  const bySeverity = Object.groupBy(told, (each: any) => each.severity);
  expect(status.bot_findings).toEqual(
    Object.fromEntries(Object.entries(bySeverity).map(([word, of]) => [word, of!.length])),
  );
  const findings = line(text, 'Findings');
  expect(before(findings, /critical|high|medium|low|info/)).toBe(told.length);
  expect(before(findings, /of them silenced/)).toBe(silenced.length);
  expect(before(findings, /of them held back by maintenance/)).toBe(held.length);
  expect(before(findings, /suppressed/)).toBe(suppressed.length);

  const bots = await document(platform, 'bots', 'list');
  const inTable = rowsOf(await said(platform, 'bots', 'list', '-o', 'table'));
  for (const { name, open_findings } of bots) {
    const theirs = list.filter((each: any) => each.bots.name === name);
    expect(open_findings).toBe(theirs.length);
    expect(inTable.find(({ Bot }) => Bot === name)!.Open).toBe(String(theirs.length));
    const shown = await document(platform, 'bots', 'show', name);
    expect(shown.open_findings).toBe(theirs.length);
    expect(shown.bot_findings).toHaveLength(theirs.length);
    const page = await said(platform, 'bots', 'show', name);
    expect(page).toContain(`\nOpen findings (${theirs.length})\n`);
    expect(tableAfter(page, 'Open findings')).toHaveLength(theirs.length);
  }
}

/** Pending ones, of which status names the first. */
async function ticketsAgree(platform: Platform): Promise<void> {
  const { db } = platform;
  const number = await counted(db, pending);
  const list = await document(platform, 'tickets', 'list', ...all);
  expect(list).toHaveLength(number);
  const rows = rowsOf(await said(platform, 'tickets', 'list', ...all, '-o', 'table'));
  expect(rows).toHaveLength(number);
  for (const word of ['open', 'assigned']) {
    const some = await document(platform, 'tickets', 'list', '--status', word, ...all);
    expect(some).toHaveLength(await counted(db, `FROM bot_tickets WHERE status = '${word}'`));
  }
  const status = await document(platform, 'status');
  const text = await said(platform, 'status');
  expect(status.tickets.count).toBe(number);
  expect(before(line(text, 'Tickets'), /open/)).toBe(number - status.tickets.assigned);
  expect(before(line(text, 'Tickets'), /assigned/)).toBe(status.tickets.assigned);
  const top = Math.min(5, number);
  if (number > 0)
    expect(text).toContain(`\nTickets (${top < number ? `${top} of ` : ''}${number})\n`);
  expect(tableAfter(text, 'Tickets (').map(({ Ticket }) => Ticket)).toEqual(
    rows.slice(0, top).map(({ Ticket }) => Ticket),
  );
  const again = await sql<{ ticket: string }>`
      SELECT DISTINCT 'T-' || t.number AS ticket FROM bot_tickets t JOIN bot_ticket_events e ON e.ticket_id = t.id
      WHERE e.event = 'reopened' AND t.status IN ('open', 'assigned')`.execute(db);
  expect(
    rows.flatMap(({ Ticket, Reopened = '-' }) => (Reopened === '-' ? [] : [Ticket])).toSorted(),
  ).toEqual(again.rows.map(({ ticket }) => ticket).toSorted());
}

/** Runs, and what they found. */
async function runsAgree(platform: Platform): Promise<void> {
  const { db } = platform;
  const number = await counted(db, 'FROM bot_executions');
  const list = await document(platform, 'runs', 'list', ...all);
  expect(list).toHaveLength(number);
  const rows = rowsOf(await said(platform, 'runs', 'list', ...all, '-o', 'table'));
  expect(rows.map(({ Findings }) => Findings)).toEqual(
    list.map((each: any) => String(each.issues_found)),
  );
  for (const { id, issues_found } of list) {
    const page = await said(platform, 'runs', 'show', id);
    expect(before(line(page, 'Results'), /findings?/)).toBe(issues_found);
    const here = page.includes('\nFindings\nNone.') ? 0 : tableAfter(page, 'Findings').length;
    expect(Math.max(here, issues_found)).toBe(here + before(page, /more findings? w/));
  }
  for (const name of ['alpha', 'beta', 'gamma']) {
    const line_ = line(await said(platform, 'bots', 'show', name), 'Runs ');
    const of = `FROM bot_executions e JOIN bots b ON b.id = e.bot_id WHERE b.name = '${name}' AND e.attempt > 0 AND trigger <> 'verify'`;
    expect(before(line_, /ended/)).toBe(await counted(db, of));
    expect(before(line_, /succeeded|failed|cancelled/)).toBe(await counted(db, of));
  }
}

/** Heals are counted by their last steps. */
async function healsAgree(platform: Platform): Promise<void> {
  const { db } = platform;
  const steps = await document(platform, 'actions', 'list', ...all);
  expect(steps).toHaveLength(await counted(db, 'FROM bot_actions'));
  const heals = await counted(db, 'FROM (SELECT DISTINCT heal_id FROM bot_actions) h');
  const status = await document(platform, 'status');
  const sum = Object.values<number>(status.heals).reduce((all, one) => all + one, 0);
  expect(sum).toBe(heals);
  const text = line(await said(platform, 'status'), 'Heals').replace('24 h', '');
  expect(before(text, /\w/)).toBe(heals);
  expect(before(text, /verified|held/)).toBe(status.healed);
  const report = line(await said(platform, 'report', '--since', '24h'), 'Heals');
  for (const word of ['verified', 'held'])
    expect(before(text, new RegExp(word)), report).toBe(before(report, new RegExp(word)));
  for (const row of rowsOf(
    await said(platform, 'findings', 'list', '--all', ...all, '-o', 'table'),
  ))
    if (row.State!.startsWith('escalated')) expect(row.State).toContain('healed, with a ticket');
}

/** What a round counts, it lists or says where it is. */
async function roundAgrees(platform: Platform): Promise<void> {
  const { db, runs } = platform;
  const round = await readRound(db, runs);
  const bots = await db.selectFrom('bots').select(['id', 'name']).execute();
  printRound(round, bots);
  const text = took();
  const found = before(line(text, 'Found:'), /.*/) || Number(/Found: (\d+)/.exec(text)![1]);
  expect(tableAfter(text, 'Found:')).toHaveLength(found);
  const issues = tableAfter(text, 'Checked:').map(({ Findings }) => Number(Findings));
  expect(issues.reduce((sum, one) => sum + one, 0)).toBe(found);
  const openNow = tableAfter(text, 'Found:').filter(
    ({ Now }) => !/^(auto-fixed|escalated|manual|cleared)/.test(Now!),
  ).length;
  expect(openNow + before(text, /problems? from before/)).toBe(await counted(db, open));

  const [, heals] = /^Heals: (.*?)(?:, in \d+ steps)?$/m.exec(text)!;
  const inRuns = `FROM (SELECT DISTINCT heal_id FROM bot_actions WHERE execution_id IN ('${runs.join("','")}')) h`;
  expect(before(heals!, /\w/)).toBe(await counted(db, inRuns));

  const people = Number(/For people: (\d+)/.exec(text)![1]);
  const listed = tableAfter(text, 'For people:').map(({ Ticket }) => Ticket!);
  expect(listed).toHaveLength(people);
  expect(people + before(text, /other tickets? (?:is|are) open/)).toBe(await counted(db, pending));
  // As the list has them; a round names a storm's first of its severity.
  const inOrder: any[] = await document(platform, 'tickets', 'list', ...all);
  const place = ({ severity, metadata }: any) =>
    severities.indexOf(severity) * 2 + (metadata?.storm ? 0 : 1);
  expect(listed).toEqual(
    inOrder
      .toSorted((a, b) => place(a) - place(b))
      .map(({ number }) => `T-${number}`)
      .filter((ticket) => listed.includes(ticket)),
  );
}
