/** Transactions that are open for long: they keep dead rows and locks. */
import { sql, z } from '../../src/bot.ts';
import type { CheckContext, CheckResult, ReportedFinding } from '../../src/bot.ts';
import { counted, span } from '../parts/in-words.ts';
import type { Config } from './config.ts';
import { category } from './report.ts';
import { seesOthers } from './rights.ts';

interface Open {
  pid: number;
  id: string;
  role: string;
  application: string;
  state: string | null;
  /** for how long it has been open, and for how long its session has done nothing; null where that is hidden */
  seconds: number | null;
  idle: number | null;
}

/**
 * The oldest open transactions of other sessions of this database. Each holds a lock on its own virtual id, which every
 * role may see. VACUUM, ANALYZE and CREATE INDEX CONCURRENTLY, known by the kind of their lock, are left out: they keep only what they need.
 */
const readOpen = ({ db, now }: CheckContext, { ignored_applications: ignored }: Config) =>
  sql<Open>`
  SELECT a.pid, l.pid || ':' || l.virtualxid AS id, a.usename AS role, a.application_name AS application, a.state,
    extract(epoch FROM ${now}::timestamptz - a.xact_start)::float8 AS seconds,
    CASE WHEN a.state LIKE 'idle in transaction%'
      THEN extract(epoch FROM ${now}::timestamptz - a.state_change)::float8 END AS idle
  FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
  WHERE l.locktype = 'virtualxid' AND l.granted AND l.virtualtransaction = l.virtualxid AND a.pid <> pg_backend_pid()
    AND a.datname = current_database() AND coalesce(a.backend_type, 'client backend') = 'client backend'
    AND coalesce(a.application_name, '') <> ALL (${ignored}::text[])
    AND NOT EXISTS (SELECT FROM pg_locks v WHERE v.pid = l.pid AND v.locktype = 'relation' AND v.granted
                    AND v.mode = 'ShareUpdateExclusiveLock')
  ORDER BY a.xact_start, l.pid LIMIT ${maxOpen}`.execute(db);

/** How many open transactions are examined, the oldest first. Their ids fit into what a check may remember. */
const maxOpen = 300;

const memory = z.record(z.string(), z.number());

interface Prepared {
  seconds: number;
  gid: string;
  role: string;
}

const readPrepared = ({ db, now }: CheckContext) =>
  sql<Prepared>`
  SELECT left(gid, 100) AS gid, owner AS role, extract(epoch FROM ${now}::timestamptz - prepared)::float8 AS seconds
  FROM pg_prepared_xacts WHERE database = current_database() ORDER BY prepared LIMIT 20`.execute(
    db,
  );

export async function findOldTransactions(
  config: Config,
  context: CheckContext,
): Promise<CheckResult> {
  const sees = await seesOthers(context);
  const { rows } = await readOpen(context, config);
  const { rows: waiting } = await readPrepared(context);
  const known = memory.catch({}).parse(context.remembered ?? {});
  const at = Math.floor(context.now.getTime() / 1_000);
  // Where the times are hidden, a transaction is at least as old as the time at which a run first saw it. That is never later than now.
  const remember = Object.fromEntries(rows.map(({ id }) => [id, Math.min(known[id] ?? at, at)]));
  const all = rows
    .map((row) => ({ ...row, seconds: row.seconds ?? at - remember[row.id]! }))
    .toSorted((a, b) => b.seconds - a.seconds);
  // The first run does not know the age of transactions whose times are hidden.
  const isBlind = !sees && context.remembered === null;
  return {
    // Whether a session does nothing in its transaction is hidden with its state.
    examined: ['prepared', ...(isBlind ? [] : ['oldest']), ...(sees ? ['idle'] : [])],
    figures: [
      { name: 'open transactions', value: rows.length },
      ...(isBlind
        ? []
        : [{ name: 'oldest transaction', value: Math.round(all[0]?.seconds ?? 0), unit: 's' }]),
      { name: 'prepared transactions', value: waiting.length },
      { name: 'transactions with hidden times', value: rows.filter(isHidden).length },
    ],
    findings: [
      ...reportOld(all, config),
      ...reportIdle(all, config),
      ...reportPrepared(waiting, config),
    ],
    remember,
  };
}

const isHidden = ({ seconds }: Open) => seconds === null;

const metadata = (found: readonly Open[]) => ({
  count: found.length,
  sample: found.slice(0, 10).map(({ pid, role, application, state, seconds }) => ({
    pid,
    role,
    application,
    state,
    seconds: Math.round(seconds ?? 0),
  })),
});

const who = ({ pid, role, application }: Open) =>
  `process ${pid} of role ${role}${application ? `, ${application}` : ''}`;

function reportOld(all: Open[], config: Config): ReportedFinding[] {
  const found = all.filter(({ seconds }) => seconds! >= config.transaction_minutes * 60);
  const [oldest] = found;
  if (!oldest) return [];
  return [
    {
      severity: oldest.seconds! >= config.transaction_severe_minutes * 60 ? 'high' : 'medium',
      category,
      title: `Open transaction: the oldest of ${found.length} has been open for ${span(oldest.seconds!)}, ${who(oldest)}`,
      description:
        'Until it ends, VACUUM removes no row that died since it began, and its locks stay.',
      component: 'transactions',
      key: 'oldest',
      metadata: metadata(found),
    },
  ];
}

function reportIdle(all: Open[], config: Config): ReportedFinding[] {
  const found = all
    .filter((each) => (each.idle ?? 0) >= config.idle_in_transaction_minutes * 60)
    .toSorted((a, b) => b.idle! - a.idle!);
  const [longest] = found;
  // Where all of them are old, they are reported as old transactions.
  if (!longest || found.every(({ seconds }) => seconds! >= config.transaction_minutes * 60))
    return [];
  return [
    {
      severity: 'medium',
      category,
      title: `Idle in transaction: ${counted(found.length, 'session')}, for up to ${span(longest.idle!)}, ${who(longest)}`,
      description: 'These sessions do nothing, and their transactions keep locks and dead rows.',
      component: 'transactions',
      key: 'idle',
      metadata: metadata(found),
    },
  ];
}

function reportPrepared(all: Prepared[], config: Config): ReportedFinding[] {
  const found = all.filter(({ seconds }) => seconds >= config.transaction_minutes * 60);
  const [oldest] = found;
  if (!oldest) return [];
  return [
    {
      severity: oldest.seconds >= config.transaction_severe_minutes * 60 ? 'high' : 'medium',
      category,
      title: `Prepared transaction: the oldest of ${found.length} has waited for ${span(oldest.seconds)}`,
      description: 'It keeps its locks and dead rows, also after a restart of the server.',
      component: 'transactions',
      key: 'prepared',
      metadata: { sample: found.slice(0, 10) },
    },
  ];
}
