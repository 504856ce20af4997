/** What to do about the findings of sentinel-db. Titles of each kind begin with their own words; patterns are anchored there. */
import type { KnowledgeSeed } from '../../src/bot.ts';
import { adviceOn } from '../parts/advice.ts';
import { category } from './report.ts';

const advice = adviceOn(category, 'db');

/** The steps name no table: the remedies take the finding's component. */
const playbookOn = (name: string, pattern: string, remedy: string): KnowledgeSeed => ({
  name: `db.${name}`,
  category,
  pattern,
  solution: `steps:\n  - remedy: ${remedy}\n`,
  autonomy: 'auto',
});

export const knowledge: KnowledgeSeed[] = [
  playbookOn('dead-rows', '^dead rows, vacuum may run now: ', 'db.vacuum'),
  playbookOn('stale-statistics', '^stale statistics, analyze may run now: ', 'db.analyze'),
  advice(
    'dead-rows-wait',
    '^dead rows: ',
    'VACUUM runs by itself at the time that the description names, or run it on the table yourself. If it does not help, end the ' +
      'transaction, the prepared transaction or the replication slot that keeps the rows. If dead rows come back each day, lower ' +
      'autovacuum_vacuum_scale_factor of the table.',
  ),
  advice(
    'statistics-elsewhere',
    '^stale statistics: ',
    'Run ANALYZE on the table. If the finding comes back, lower autovacuum_analyze_scale_factor of the table.',
  ),
  advice(
    'connections',
    '^connections of ',
    'See in pg_stat_activity which application has most sessions, and whether they are idle. Limit the pools of the ' +
      'applications, or put a pooler before the database; raise max_connections last, because each session takes memory.',
  ),
  advice(
    'backups',
    '^(no backup (has succeeded|was ever proven)|the newest (proven )?backup )',
    'See with `npx roundsman db backups` and `npx roundsman jobs show backup` why there is none or why it was not proven: a full disk, ' +
      'a folder that is not there on this host, a login that may not read all rows, no room below TMPDIR for the restored copy. Then make one with ' +
      '`npx roundsman db backup`.',
  ),
  advice(
    'open-transactions',
    '^(open|prepared) transaction: |^idle in transaction: ',
    'Ask whose transaction it is. pg_terminate_backend(pid) ends a session, ROLLBACK PREPARED a prepared transaction. Then ' +
      'set idle_in_transaction_session_timeout for the role, and let the application commit before it waits for others.',
  ),
  advice(
    'blocked-sessions',
    '^blocked sessions: ',
    'Look at the process at the head of the queue: pg_blocking_pids(pid) and pg_stat_activity say what it does. End it with ' +
      'pg_terminate_backend if it is forgotten. Give commands that change tables a lock_timeout.',
  ),
  advice(
    'hidden-sessions',
    '^checks may not see what sessions',
    'Grant the right that the description names to the role with which checks read; it allows no change.',
  ),
  advice(
    'wraparound',
    '^wraparound: ',
    'Run VACUUM (FREEZE) on the oldest tables: SELECT oid::regclass, age(relfrozenxid) FROM pg_class WHERE relkind IN ' +
      "('r', 't', 'm') ORDER BY 2 DESC. Before that, end old transactions, prepared transactions and slots: they keep it from " +
      'freezing. Then find out in the log why autovacuum did not do it.',
  ),
  advice(
    'sequence',
    '^sequence .* has used ',
    'Change the column to bigint, and the sequence with ALTER SEQUENCE … AS bigint. Changing the type of a large table ' +
      'rewrites it: add a bigint column, fill it in small steps, and exchange the two.',
  ),
  advice(
    'cache',
    '^cache: only ',
    'Look for statements that read whole tables, and for missing indexes. If the hot tables are larger than shared_buffers, ' +
      'raise it to a quarter of the memory.',
  ),
  advice(
    'rollbacks',
    '^rollbacks: ',
    'Read the log of PostgreSQL for the errors of these minutes: unique violations, serialisation failures and timeouts are ' +
      'the usual ones.',
  ),
  advice(
    'deadlocks',
    '^deadlocks: ',
    'The log of PostgreSQL names both statements. Let all code lock rows in the same order, and keep transactions short.',
  ),
  advice(
    'slow-statement',
    '^slow statement: ',
    'Look at its plan with EXPLAIN (ANALYZE, BUFFERS): a sequential scan of a large table needs an index, and estimates far from ' +
      'the real rows need ANALYZE.',
  ),
  advice(
    'invalid-index',
    '^invalid index ',
    'DROP INDEX CONCURRENTLY, remove rows that are not unique, and create it again. If it ends in _ccnew, REINDEX CONCURRENTLY ' +
      'left it: the old index is still there.',
  ),
  advice(
    'superfluous-index',
    '^(duplicate|unused) index ',
    'Make sure that no standby and no rare report uses it, then DROP INDEX CONCURRENTLY. Do not drop one that a migration of ' +
      'Roundsman made; name it in the setting ignored_indexes.',
  ),
  advice(
    'disabled-trigger',
    '^disabled (trigger|foreign key) ',
    'ALTER TABLE … ENABLE TRIGGER. Rows that were written meanwhile were not checked or completed: look at them first.',
  ),
  advice(
    'inactive-slot',
    '^inactive slot ',
    'Start its receiver again. If there is none any more, pg_drop_replication_slot(name). max_slot_wal_keep_size limits how ' +
      'much WAL a slot can keep.',
  ),
  advice(
    'archiver',
    '^archiver ',
    'Read the log of PostgreSQL for the message of archive_command. Until it works, WAL stays in pg_wal and fills the disk, ' +
      'and a backup cannot be restored to a later time.',
  ),
  advice(
    'growth',
    '^database .* (grows by|reaches its|has .* more than its) ',
    'See which tables grow: SELECT relid::regclass, pg_total_relation_size(relid) FROM pg_stat_user_tables ORDER BY 2 DESC. ' +
      'Delete or move rows that are no longer needed, or enlarge the disk.',
  ),
];
