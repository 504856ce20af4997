/**
 * Compares the live catalogue with what the migrations make. It changes nothing: a person decides whether the database or the
 * migrations are right.
 */
import { defineBot, sql, z } from '../src/bot.ts';
import type { CheckContext, CheckResult, ReportedFinding } from '../src/bot.ts';
import { bounded } from './surveyor/bounded-key.ts';
import { compareParts, excerpts, type Difference } from './surveyor/compare.ts';
import { readExpected, type Expected } from './surveyor/expected.ts';
import { readParts, splitName, type Kind } from './surveyor/parts.ts';
import { category, findChangedSettings } from './surveyor/settings.ts';

const config = z.strictObject({
  ignored_parts: z
    .array(z.string())
    .max(1_000)
    .default([])
    .describe(
      'parts that may differ, named as in the metadata of a finding: index bots.idx_bots_status',
    ),
  max_findings: z
    .int()
    .min(1)
    .max(1_000)
    .default(50)
    .describe('differences that one check reports at most, the missing ones first'),
});
type Config = z.infer<typeof config>;

async function findPending(_: Config, context: CheckContext): Promise<CheckResult> {
  const { pending, unknown } = await readExpected(context);
  const finding = (
    severity: 'high' | 'medium',
    title: string,
    description: string,
    names: string[],
  ): ReportedFinding => ({
    severity,
    category,
    title,
    description,
    component: 'migrations',
    metadata: { count: names.length, migrations: names.slice(0, 100) },
  });
  return {
    examined: ['pending', 'unknown'],
    findings: [
      ...(pending.length > 0
        ? [
            {
              ...finding(
                'high',
                `Pending migrations: ${pending.length}, from ${pending[0]} on`,
                'This version of Roundsman needs them.',
                pending,
              ),
              key: 'pending',
            },
          ]
        : []),
      ...(unknown.length > 0
        ? [
            {
              ...finding(
                'medium',
                `Unknown migrations: ${unknown.length} were applied by another version`,
                'This version of Roundsman does not know what they changed.',
                unknown,
              ),
              key: 'unknown',
            },
          ]
        : []),
    ],
    figures: [
      { name: 'pending migrations', value: pending.length },
      { name: 'unknown migrations', value: unknown.length },
    ],
  };
}

const severities = { missing: 'high', changed: 'medium', extra: 'low' } as const;
const words = { missing: 'Missing', changed: 'Changed', extra: 'Additional' } as const;

function severityOf({ part, how, actual }: Difference): 'high' | 'medium' | 'low' {
  // Without row level security every user sees and changes every row.
  if (how === 'changed' && part.startsWith('table ') && actual!.endsWith(' off')) return 'high';
  // Outside of engine only what does harm is reported.
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
        ? `No migration makes it: ${shown.actual}`
        : `The migrations make ${shown.expected}${how === 'changed' ? `; it is ${shown.actual}` : ''}`,
    component: bounded(of, maxKey),
    // The name of a function has its arguments in it.
    key: bounded(part, maxKey),
    metadata,
  };
}

/** Where migrations are pending, what they would make is no difference, and what they change cannot be told from one. */
function refuseOther({ pending, unknown }: Expected, { skip }: CheckContext): void {
  if (pending.length > 0)
    skip(`${pending.length} migrations are pending: \`npx roundsman db migrate\``);
  if (unknown.length > 0) skip('another version of Roundsman has migrated this database');
}

/**
 * Definitions are printed from the live tables, so the check would wait behind a command that changes one, up to 10 s in each check.
 */
async function refuseLocked({ db, skip }: CheckContext): Promise<void> {
  const { rows } = await sql<{ locked: string }>`
    SELECT c.relname AS locked FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' AND l.pid <> pg_backend_pid()
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND n.nspname IN ('public', 'engine', 'private') LIMIT 1`.execute(db);
  if (rows[0]) skip(`${rows[0].locked} is being changed; the next run compares it`);
}

const comparing =
  (...kinds: Kind[]) =>
  async (
    { ignored_parts, max_findings: max }: Config,
    context: CheckContext,
  ): Promise<CheckResult> => {
    const expected = await readExpected(context);
    refuseOther(expected, context);
    await refuseLocked(context);
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
        { name: 'compared', value: compared },
        { name: 'missing', value: count('missing') },
        { name: 'changed', value: count('changed') },
        { name: 'additional', value: count('extra') },
      ],
      truncated: found.length > max,
    };
  };

export const surveyor = defineBot({
  name: 'surveyor',
  displayName: 'Surveyor',
  description: 'Compares the live catalogue of the database with what the migrations make.',
  schedule: '23 * * * *',
  config,
  checks: [
    { name: 'migrations', title: 'Are all migrations applied?', run: findPending },
    {
      name: 'tables',
      title: 'Are all tables there, with row level security as it was made?',
      run: comparing('table', 'view', 'sequence'),
    },
    { name: 'columns', title: 'Are all columns as they were made?', run: comparing('column') },
    { name: 'keys', title: 'Are all keys and rules there?', run: comparing('constraint', 'check') },
    { name: 'indexes', title: 'Are all indexes there?', run: comparing('index') },
    { name: 'policies', title: 'Are all policies as they were made?', run: comparing('policy') },
    { name: 'triggers', title: 'Are all triggers as they were made?', run: comparing('trigger') },
    {
      name: 'functions',
      title: 'Are all functions as they were made?',
      run: comparing('function'),
    },
    {
      name: 'settings',
      title: 'Are roles and settings as they were made?',
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
        'Ask who changed it and why. The metadata has what the migrations make and what is there: bring back the definition of ' +
        'the migrations, in a transaction. A difference that is meant to stay is named in the setting ignored_parts.',
      autonomy: 'suggest',
    },
    {
      name: 'schema.settings',
      category,
      pattern: '^changed setting of ',
      solution:
        'ALTER ROLE … RESET or ALTER DATABASE … RESET takes a setting back, ALTER ROLE … NOLOGIN NOSUPERUSER and the like a ' +
        'right. Ask first who set it.',
      autonomy: 'suggest',
    },
  ],
});
