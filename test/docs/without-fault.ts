/**
 * The checks for which no fault can be planted, because rows, objects and settings of a database alone cannot show what they look for:
 * why, and the test that proves the check. docs/bots.md prints it; test/house/faults.test.ts holds that no check is in neither list.
 */

/** Why a check has no fault, and where it is proven. */
export interface WithoutFault {
  why: string;
  /** path of the test's file */
  test: string;
}

const github: WithoutFault = {
  why: 'It reads GitHub, with a token.',
  test: 'test/bots/architect.test.ts',
};
const database = (why: string): WithoutFault => ({ why, test: 'test/bots/sentinel-db.test.ts' });

/** By `bot.check`. */
export const withoutFault: Readonly<Record<string, WithoutFault>> = {
  'architect.repositories': github,
  'architect.billing': github,
  'architect.default-branch': github,
  'architect.workflow-runs': github,
  'architect.automation': github,
  'architect.required-checks': github,
  'architect.security-alerts': github,
  'architect.deploy-keys': github,
  'architect.workflow-permissions': github,
  'guardian.stripe-payments': {
    why: 'It compares payments with events at Stripe, with a key.',
    test: 'test/bots/guardian-stripe.test.ts',
  },
  'pulse.host': {
    why: 'It reads the memory and the CPU time of the machine on which it runs.',
    test: 'test/bots/pulse-host.test.ts',
  },
  'sentinel.certificates': {
    why: 'It reads the certificates that servers show.',
    test: 'test/bots/sentinel-certificates.test.ts',
  },
  'sentinel.stubs': {
    why: 'It asks servers for paths that do not exist.',
    test: 'test/bots/sentinel-stubs.test.ts',
  },
  'sentinel-db.connections': database(
    'It counts sessions that are open while it runs. A lower limit of the database would keep the engine itself out.',
  ),
  'sentinel-db.visible-sessions': database(
    'It looks at a right of its own role, which all databases of the server share.',
  ),
  'sentinel-db.old-transactions': database(
    'It needs a session that leaves its transaction open for ten minutes.',
  ),
  'sentinel-db.blocked-sessions': database(
    'It needs two sessions, one of which waits for the other for half a minute while it runs.',
  ),
  'sentinel-db.wraparound': database('A billion transactions take days.'),
  'sentinel-db.cache': database(
    'It judges a million blocks at least, and more than a fiftieth of them has to come from the disk: that takes too long for a command.',
  ),
  'sentinel-db.slow-statements': database(
    'It needs an extension that the server loads when it starts.',
  ),
  'sentinel-db.inactive-slots': database(
    'A slot has the server keep its WAL until the disk is full, also for its other databases.',
  ),
  'sentinel-db.archiver': database('It needs archive_mode, which the server reads when it starts.'),
  'surveyor.migrations': {
    why: 'With a migration that is missing no process starts, and with an unknown one the other checks of the bot compare nothing.',
    test: 'test/bots/surveyor.test.ts',
  },
};
