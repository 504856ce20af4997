/**
 * Compares the schema of the database with what the migrations make. It changes nothing: a person decides whether the database or the
 * migrations are right.
 */
import { defineBot, sql } from '../src/bot.ts';
import type { CheckContext, CheckResult, ReportedFinding } from '../src/bot.ts';
import { bounded } from './parts/bounded.ts';
import { config, type Config } from './surveyor/config.ts';
import { findPending } from './surveyor/migrations.ts';
import { compareParts, excerpts, type Difference } from './surveyor/compare.ts';
import { readExpected, type Expected } from './surveyor/expected.ts';
import { readParts, splitName, type Kind } from './surveyor/parts.ts';
import { category, findChangedSettings } from './surveyor/settings.ts';

const severities = { missing: 'high', changed: 'medium', extra: 'low' } as const;
const words = { missing: 'Missing', changed: 'Changed', extra: 'Additional' } as const;

function severityOf({ part, how, actual }: Difference): 'high' | 'medium' | 'low' {
  // Without row level security every user sees and changes every row.
  if (how === 'changed' && part.startsWith('table ') && actual!.endsWith(' off')) return 'high';
  // Outside of the schema engine, only additional parts that do harm are reported.
  if (how === 'extra' && !splitName(part).of.startsWith('engine.')) return 'medium';
  return severities[how];
}

/** The longest key of a finding. */
const maxKey = 1_000;

function describe(difference: Difference): ReportedFinding {
  const { part, how, expected, actual } = difference;
  const { kind, of, name } = splitName(part);
  const shown = excerpts(expected ?? '', actual ?? '');
  const metadata = {
    part,
    ...(expected !== null && { expected: shown.expected }),
    ...(actual !== null && { actual: shown.actual }),
  };
  return {
    severity: severityOf(difference),
    category,
    title: `${words[how]} ${kind} ${name === null ? of : `${name} of ${of}`}`,
    description:
      how === 'extra'
        ? `No migration makes it. It is: ${shown.actual}`
        : `The migrations make: ${shown.expected}${how === 'changed' ? `. It is: ${shown.actual}` : ''}`,
    component: bounded(of, maxKey),
    // The name of a function has its arguments in it.
    key: bounded(part, maxKey),
    metadata,
  };
}

/** Skips the check if migrations are pending, because what they would make or change is no difference. */
function requireSameVersion({ pending, unknown }: Expected, { skip }: CheckContext): void {
  if (pending.length > 0)
    skip(`migrations are pending (${pending.length}): \`npx roundsman db migrate\` applies them`);
  if (unknown.length > 0)
    skip(
      'another version of Roundsman has migrated this database: run this bot with that version, or a newer one',
    );
}

/**
 * Skips the check while a command changes a table: PostgreSQL prints definitions from the live tables, so the check would wait for
 * that command, up to 10 s.
 */
async function requireUnlocked({ db, skip }: CheckContext): Promise<void> {
  const { rows } = await sql<{ locked: string }>`
    SELECT c.relname AS locked FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' AND l.pid <> pg_backend_pid()
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND n.nspname IN ('public', 'engine', 'private') LIMIT 1`.execute(db);
  if (rows[0]) skip(`${rows[0].locked} is being changed; the next run compares it`);
}

const compareKinds =
  (...kinds: Kind[]) =>
  async (
    { ignored_parts, max_findings: max }: Config,
    context: CheckContext,
  ): Promise<CheckResult> => {
    const expected = await readExpected(context);
    requireSameVersion(expected, context);
    await requireUnlocked(context);
    const { rows } = await sql<{ reader: boolean; server: number }>`
      SELECT to_regrole('roundsman_reader') IS NOT NULL AS reader,
        current_setting('server_version_num')::int / 10000 AS server`.execute(context.db);
    const actual = await readParts(context, expected.ours).catch((error: { code?: string }) =>
      // A command changes a table now, or dropped one between two reads of it.
      ['55P03', 'XX000', '42P01'].includes(error.code ?? '')
        ? context.skip('the schema is being changed; the next run compares it')
        : Promise.reject(error),
    );
    const isOfKind = (part: string) => kinds.includes(splitName(part).kind);
    const order = Object.keys(words);
    const found = compareParts(expected.parts, actual, {
      hasReader: rows[0]!.reader,
      sameServer: rows[0]!.server === expected.server,
      ignored: new Set(ignored_parts),
    })
      .filter(({ part }) => isOfKind(part))
      .toSorted((a, b) => order.indexOf(a.how) - order.indexOf(b.how));
    const count = (how: Difference['how']) => found.filter((each) => each.how === how).length;
    const compared = Object.keys(expected.parts).filter(isOfKind).length;
    return {
      examined: { count: compared, except: [] },
      findings: found.slice(0, max).map(describe),
      figures: [
        { name: 'parts compared', value: compared },
        { name: 'missing parts', value: count('missing') },
        { name: 'changed parts', value: count('changed') },
        { name: 'additional parts', value: count('extra') },
      ],
      truncated: found.length > max,
    };
  };

export const surveyor = defineBot({
  name: 'surveyor',
  displayName: 'Surveyor',
  description: 'Compares the schema of the database with what the migrations make.',
  schedule: '23 * * * *',
  config,
  checks: [
    { name: 'migrations', title: 'Are all migrations applied?', run: findPending },
    {
      name: 'tables',
      title: 'Are all tables as the migrations make them, with their row level security?',
      run: compareKinds('table', 'view', 'sequence'),
    },
    {
      name: 'columns',
      title: 'Are all columns as the migrations make them?',
      run: compareKinds('column'),
    },
    {
      name: 'keys',
      title: 'Are all keys and check constraints as the migrations make them?',
      run: compareKinds('constraint', 'check'),
    },
    {
      name: 'indexes',
      title: 'Are all indexes as the migrations make them?',
      run: compareKinds('index'),
    },
    {
      name: 'policies',
      title: 'Are all policies as the migrations make them?',
      run: compareKinds('policy'),
    },
    {
      name: 'triggers',
      title: 'Are all triggers as the migrations make them?',
      run: compareKinds('trigger'),
    },
    {
      name: 'functions',
      title: 'Are all functions as the migrations make them?',
      run: compareKinds('function'),
    },
    {
      name: 'settings',
      title: 'Are roles and their settings as the migrations make them?',
      run: findChangedSettings,
    },
  ],
  knowledge: [
    {
      name: 'schema.pending',
      category,
      pattern: '^(pending|unknown) migrations: ',
      solution:
        'Run `npx roundsman db migrate` with the version that the workers run. Unknown migrations come from a newer version: ' +
        'bring all processes to it.',
      autonomy: 'suggest',
    },
    {
      name: 'schema.differs',
      category,
      pattern:
        '^(missing|changed|additional) (table|view|sequence|column|constraint|check|index|policy|trigger|function) ',
      solution:
        'Ask who changed it and why. The metadata of the finding has what the migrations make and what is there: restore the definition ' +
        'of the migrations, in a transaction. If the difference is meant to stay, name its part in the setting ignored_parts.',
      autonomy: 'suggest',
    },
    {
      name: 'schema.settings',
      category,
      pattern: '^changed setting of ',
      solution:
        'First ask who set it. ALTER ROLE … RESET or ALTER DATABASE … RESET removes a setting; ALTER ROLE … NOLOGIN, NOSUPERUSER ' +
        'and the like remove a right.',
      autonomy: 'suggest',
    },
  ],
});
