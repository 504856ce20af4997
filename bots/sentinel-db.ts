/**
 * Watches the PostgreSQL server and the database: connections, transactions, locks, rows, ids, indexes, replication and size. All of
 * it is read from the catalogue and the statistics, and from engine.backups. No table of the platform is read or locked.
 */
import { defineBot } from '../src/bot.ts';
import { platformTables } from './platform-tables.ts';
import { findArchiverFailures } from './sentinel-db/archiver.ts';
import { findOldBackups } from './sentinel-db/backups.ts';
import { findBlocked } from './sentinel-db/blocked.ts';
import { config } from './sentinel-db/config.ts';
import { findFewConnections } from './sentinel-db/connections.ts';
import { findColdCache, findRollbacks, findDeadlocks } from './sentinel-db/counters.ts';
import { findInvalidIndexes, findDuplicateIndexes } from './sentinel-db/indexes.ts';
import { knowledge } from './sentinel-db/knowledge.ts';
import { findFullSequences } from './sentinel-db/sequences.ts';
import { findGrowth } from './sentinel-db/size.ts';
import { findInactiveSlots } from './sentinel-db/slots.ts';
import { findSlowStatements } from './sentinel-db/statements.ts';
import { deadRowsCheck, staleStatisticsCheck } from './sentinel-db/tables.ts';
import { findOldTransactions } from './sentinel-db/transactions.ts';
import { findDisabledTriggers } from './sentinel-db/triggers.ts';
import { findUnusedIndexes } from './sentinel-db/unused.ts';
import { findHidden } from './sentinel-db/visible.ts';
import { findWraparound } from './sentinel-db/wraparound.ts';

export const sentinelDb = defineBot({
  name: 'sentinel-db',
  displayName: 'Database sentinel',
  description:
    'Watches connections, transactions, locks, dead rows, sequences, indexes, replication and size of the database.',
  schedule: '*/10 * * * *',
  config,
  checks: [
    {
      name: 'connections',
      title: 'Are enough connections left?',
      run: findFewConnections,
    },
    {
      name: 'visible-sessions',
      title: 'May checks see what other sessions do?',
      run: findHidden,
    },
    {
      name: 'old-transactions',
      title: 'Is no transaction open for too long?',
      remembers: true,
      run: findOldTransactions,
    },
    {
      name: 'blocked-sessions',
      title: 'Does no session wait long for a lock?',
      run: findBlocked,
    },
    {
      name: 'dead-rows',
      title: 'Are dead rows removed?',
      run: deadRowsCheck(platformTables),
    },
    {
      name: 'stale-statistics',
      title: 'Are the statistics of the planner up to date?',
      run: staleStatisticsCheck(platformTables),
    },
    {
      name: 'wraparound',
      title: 'Are all databases far from transaction id wraparound?',
      run: findWraparound,
    },
    {
      name: 'sequences',
      title: 'Do sequences have values left?',
      run: findFullSequences,
    },
    {
      name: 'cache',
      title: 'Are most blocks found in memory?',
      remembers: true,
      run: findColdCache,
    },
    {
      name: 'rollbacks',
      title: 'Do most transactions commit?',
      remembers: true,
      run: findRollbacks,
    },
    {
      name: 'deadlocks',
      title: 'Are there no deadlocks?',
      remembers: true,
      run: findDeadlocks,
    },
    {
      name: 'slow-statements',
      title: 'Are statements fast?',
      remembers: true,
      run: findSlowStatements,
    },
    {
      name: 'invalid-indexes',
      title: 'Are all indexes valid?',
      run: findInvalidIndexes,
    },
    {
      name: 'duplicate-indexes',
      title: 'Does no index repeat another one?',
      run: findDuplicateIndexes,
    },
    {
      name: 'unused-indexes',
      title: 'Is every large index used?',
      remembers: true,
      run: findUnusedIndexes,
    },
    {
      name: 'disabled-triggers',
      title: 'Are all triggers enabled?',
      run: findDisabledTriggers,
    },
    {
      name: 'inactive-slots',
      title: 'Is every replication slot used?',
      remembers: true,
      run: findInactiveSlots,
    },
    {
      name: 'archiver',
      title: 'Is WAL archived?',
      remembers: true,
      run: findArchiverFailures,
    },
    {
      name: 'backups',
      title: 'Is there a new backup, and was it proven?',
      run: findOldBackups,
    },
    {
      name: 'size',
      title: 'Does the database grow slowly?',
      remembers: true,
      run: findGrowth,
    },
  ],
  knowledge,
});
