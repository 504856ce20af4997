/** Failed logins: of one address, of one account, and of the whole platform. */
import { sql } from '../../src/bot.ts';
import type { EventContext, EventResult } from '../../src/bot.ts';
import { counted } from '../parts/in-words.ts';
import { countEvents, joinStart, isSinceStart, type Counted } from '../parts/count-events.ts';
import { maskedEmail, userInWords } from '../parts/people.ts';
import { attemptsOf, requireAttempts } from './attempts.ts';
import type { Config } from './config.ts';
import { clientOf, isClient, networkOf } from './network.ts';

const category = 'logins';
const figuresOf =
  (keysCounted: string) =>
  ({ keys, bad, of }: { keys: number; bad: number; of: number }) => [
    { name: 'logins', value: of },
    { name: 'failed logins', value: bad },
    { name: keysCounted, value: keys },
  ];

/** The columns that each check counts; the rows are attempts with `key`. */
const countColumns = sql`count(*) FILTER (WHERE failed)::int AS bad, count(*)::int AS "of", max(created_at) FILTER (WHERE failed) AS newest,
  count(*) FILTER (WHERE NOT failed)::int AS succeeded`;

interface Address extends Counted {
  of: number;
  succeeded: number;
  accounts: number;
}

/** Credential stuffing, spraying and guessing from one address; a school behind one address has successes, too. */
export async function findAddresses(config: Config, context: EventContext): Promise<EventResult> {
  await requireAttempts(config, context, 'addresses');
  const question = {
    tables: attemptsOf(config, context),
    counted: sql`
      SELECT DISTINCT ON (key) * FROM (
        SELECT a.key, ${countColumns}, count(DISTINCT user_id) FILTER (WHERE failed)::int AS accounts,
          bool_and(user_id IS NOT NULL) FILTER (WHERE failed) AS named
        FROM (SELECT *, ${clientOf(sql`ip_address`)} AS key FROM attempts WHERE ${isClient(sql`ip_address`, config)}) a
        ${joinStart(sql`a.key`)} WHERE ${isSinceStart(sql`a.key`, context)} GROUP BY a.key, source
      ) each ORDER BY key, bad DESC, "of" DESC`,
    // A device with an old password, behind an address that others share, fails for one account alone.
    wrong: sql`bad >= CASE WHEN named AND accounts = 1 THEN ${config.high_failed}::int ELSE ${config.min_failed_of_address}::int END
      AND 100.0 * bad / "of" >= ${config.min_failed_percent}::numeric`,
    worst: sql`bad DESC`,
    max: config.max_findings,
    figures: figuresOf('IP addresses with logins'),
  };
  return countEvents<Address>(context, question, ({ key, bad, of, succeeded, accounts }) => ({
    severity: bad >= config.high_failed ? 'high' : 'medium',
    category,
    title: `Failed logins from ${key}: ${bad} of ${of}${accounts > 1 ? `, for ${accounts} accounts` : ''}`,
    description:
      (accounts > 1
        ? 'One IP address tries many accounts, with passwords that leaked elsewhere or with one common password for all.'
        : 'One IP address tries passwords.') +
      (succeeded > 0
        ? ` ${succeeded} of its logins succeeded: check with the users whether they were theirs.`
        : ''),
    component: key,
    metadata: {
      address: key,
      failed: bad,
      succeeded,
      accounts,
      window_minutes: config.window_minutes,
    },
  }));
}

interface Account extends Counted {
  of: number;
  succeeded: number;
  networks: number;
  sample: string[];
  email: string | null;
  entered: boolean;
}

/** One account whose password is guessed, mostly from many addresses, each of which fails too rarely to be noticed. */
export async function findAccounts(config: Config, context: EventContext): Promise<EventResult> {
  await requireAttempts(config, context, 'accounts');
  const question = {
    tables: attemptsOf(config, context),
    counted: sql`
      SELECT DISTINCT ON (key) * FROM (
        SELECT key, ${countColumns}, count(DISTINCT network) FILTER (WHERE failed)::int AS networks,
          (array_agg(DISTINCT network) FILTER (WHERE failed AND network IS NOT NULL))[1:20] AS sample,
          -- A success after the failures, from one of their networks.
          bool_or(NOT failed AND was_tried) AS entered
        FROM (
          SELECT *, network IS NOT NULL AND 5 <= count(*) FILTER (WHERE failed) OVER (
            PARTITION BY key, source, network ORDER BY created_at ROWS UNBOUNDED PRECEDING) AS was_tried
          FROM (
            SELECT attempts.*, user_id::text AS key, ${networkOf(sql`ip_address`)} AS network
            FROM attempts ${joinStart(sql`user_id::text`)}
            WHERE user_id IS NOT NULL AND ${isSinceStart(sql`user_id::text`, context)}
          ) b
        ) a
        GROUP BY key, source
      ) each ORDER BY key, bad DESC, "of" DESC`,
    // A program that tries twice for each login has as many successes as failures.
    wrong: sql`bad > succeeded AND (bad >= ${config.high_failed}
      OR bad >= ${config.min_failed_of_account} AND networks >= ${config.min_networks_of_account})`,
    worst: sql`entered DESC, bad DESC`,
    details: sql`${maskedEmail(sql`g.key::uuid`)} AS email`,
    max: config.max_findings,
    figures: figuresOf('accounts with logins'),
  };
  return countEvents<Account>(context, question, (row) => {
    const { key, bad, of, networks, sample, email, entered, succeeded } = row;
    return {
      severity: entered ? 'critical' : bad >= config.high_failed ? 'high' : 'medium',
      category,
      title: `Failed logins of user ${userInWords(key, email)}: ${bad} of ${of}, from ${counted(networks, 'network')}`,
      description: entered
        ? 'Afterwards a login from one of these networks succeeded: the account may be taken over. End its sessions and have its ' +
          'password changed; ask the user first where that can be done quickly.'
        : 'The password of one account is guessed. Slow logins of this account down, and tell its user.',
      component: `user ${key}`,
      metadata: {
        user_id: key,
        failed: bad,
        succeeded,
        networks,
        sample: sample ?? [],
        window_minutes: config.window_minutes,
      },
    };
  });
}

interface Platform extends Counted {
  of: number;
  addresses: number;
  accounts: number;
}

/** Many addresses and accounts, each with a failure or two; or logins that are broken for all. */
export async function findWave(config: Config, context: EventContext): Promise<EventResult> {
  await requireAttempts(config, context, 'all');
  const question = {
    tables: attemptsOf(config, context),
    counted: sql`
      SELECT * FROM (
        SELECT a.key, ${countColumns}, count(DISTINCT host(ip_address)) FILTER (WHERE failed)::int AS addresses,
          count(DISTINCT user_id) FILTER (WHERE failed)::int AS accounts
        FROM (SELECT *, 'logins' AS key FROM attempts) a ${joinStart(sql`a.key`)}
        WHERE ${isSinceStart(sql`a.key`, context)} GROUP BY a.key, source
      ) each ORDER BY bad DESC, "of" DESC LIMIT 1`,
    wrong: sql`bad >= ${config.min_failed_of_platform} AND 100.0 * bad / "of" >= ${config.min_failed_percent}::numeric`,
    worst: sql`bad DESC`,
    max: config.max_findings,
    figures: ({ bad, of }: { bad: number; of: number }) => [
      { name: 'logins', value: of },
      { name: 'failed logins', value: bad },
    ],
  };
  return countEvents<Platform>(context, question, ({ bad, of, addresses, accounts }) => ({
    severity: 'high',
    category,
    title: `Logins of the whole platform fail: ${bad} of ${of}, from ${counted(addresses, 'IP address', 'IP addresses')}`,
    description:
      'Either the login is broken, or passwords are tried from many IP addresses, a few from each. If error_logs of the same ' +
      'minutes show no error of the login, it is an attack: ask for a second factor or a captcha until it ends.',
    component: 'logins',
    metadata: {
      failed: bad,
      logins: of,
      addresses,
      accounts,
      window_minutes: config.window_minutes,
    },
  }));
}
