/** The hint for a canary that stopped fits what the process wrote down. */
import { expect, test } from 'vitest';
import { hintFor } from '../../../src/services/progress/canary-hint.ts';

test.each([
  [
    'no pg_hba.conf entry for host "10.0.0.2", user "app", database "x", no encryption',
    'add sslmode=verify-full',
  ],
  [
    'no pg_hba.conf entry for host "10.0.0.2", user "app", database "x", SSL encryption',
    'pg_hba.conf',
  ],
  ['password authentication failed for user "app"', 'correct the user or the password'],
  ['role "app" is not permitted to log in', 'correct the user'],
  ['database "x" does not exist', 'correct the name'],
  ['permission denied for table bots', 'connect as the owner'],
  ['too many connections for role "app"', 'ALTER ROLE "app" CONNECTION LIMIT'],
  ['sorry, too many clients already', 'max_connections'],
  ['cannot execute UPDATE in a read-only transaction', 'name the primary'],
  ['canceling statement due to statement timeout', 'pg_stat_activity'],
  ['connect ECONNREFUSED 10.0.0.1:5432', 'check that PostgreSQL'],
  ['self-signed certificate', null],
  ['no child was free or could be started within 5 s', null],
  ['no answer within 5 s', null],
  ['its process ended with code 134: JavaScript heap out of memory', null],
  ['new row violates check constraint "full_disk"', null],
  [null, null],
])('of %s', (error, hint) => {
  if (hint === null) expect(hintFor(error)).toBeNull();
  else expect(hintFor(error)).toContain(hint);
});
