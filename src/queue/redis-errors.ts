/** Says what replies of Redis and failed connections mean for the queue. All meanings are in this one table. */
import { tlsFaultOf, type TlsFault } from '../ground/certificate.ts';
import { messageOf, type Explanation } from '../ground/errors.ts';
import { QueueNotReadyError, QueueRefusedError } from './errors.ts';

/** `passes`: the cause may end by itself, so that the same call may succeed later. */
type Meaning = Omit<Explanation, 'why'> & { passes: boolean };

const temporary = (what: string, hint: string): Meaning => ({ passes: true, what, hint });
const lasting = (what: string, hint: string): Meaning => ({ passes: false, what, hint });

const primaryHint =
  'let REDIS_URL name the primary, or an address that follows it after a failover; during a failover, wait';
const noClusterHint =
  'let REDIS_URL name a Redis that is not in cluster mode: all keys of a queue of BullMQ have to lie on one node';

export const replicaMeaning = temporary('this Redis is a replica, and holds no queue', primaryHint);
export const clusterMeaning = lasting('this Redis is a node of a cluster', noClusterHint);
export const sentinelMeaning = lasting(
  'REDIS_URL names a Sentinel instead of a Redis',
  'let it name the Redis that the Sentinel monitors, or an address that follows it after a failover',
);

const loginRefused = 'Redis refuses the login';

/** Replies of Redis, and errors that a script reports, by a part of their text; the first match counts. */
const replies: [RegExp, Meaning][] = [
  [/\bREADONLY\b|^UNBLOCKED|\bMASTERDOWN\b/, replicaMeaning],
  [/\b(CROSSSLOT|MOVED|ASK)\b|cluster support|in cluster mode/i, clusterMeaning],
  [
    /\bOOM\b/,
    temporary(
      'this Redis has no memory left',
      'give it more (maxmemory), or remove keys that do not belong there',
    ),
  ],
  [
    /\bMISCONF\b/,
    temporary('this Redis takes no writes: it cannot save', 'look at its log and at its disk'),
  ],
  [
    /\bNOREPLICAS\b/,
    temporary(
      'this Redis takes no writes without its replicas',
      'look at its replicas (min-replicas-to-write)',
    ),
  ],
  [
    /^(LOADING|TRYAGAIN|CLUSTERDOWN|BUSY|ERR max number of clients)/,
    temporary('BullMQ cannot reach its Redis', 'wait, or look at its log'),
  ],
  [
    /^(WRONGPASS|NOAUTH|ERR (invalid password|AUTH|Client sent AUTH))/,
    lasting(
      loginRefused,
      'write user and password of this Redis into REDIS_URL: redis://user:password@host:port; leave out the user if it has only a password, and both if it has neither',
    ),
  ],
];

const otherReply = lasting(
  loginRefused,
  'correct user, password or database in REDIS_URL; `npx roundsman doctor` names what the user may not do',
);

const certificates: Record<TlsFault, Meaning> = {
  untrusted: lasting(
    'the certificate of Redis is not trusted',
    'set NODE_EXTRA_CA_CERTS=/path/to/ca.crt in the environment (not in .env) to the authority that issued it',
  ),
  expired: lasting('the certificate of Redis is not valid now', 'renew it, and look at the clocks'),
  'other-name': lasting(
    'the certificate of Redis was issued for another name',
    'let REDIS_URL name the host as its certificate does',
  ),
  'no-tls': lasting(
    'this Redis does not speak TLS at that port',
    'write REDIS_URL with redis:// in place of rediss://, or with the port that speaks TLS',
  ),
  'wants-certificate': lasting(
    'this Redis wants a certificate of its clients',
    'switch that off (tls-auth-clients no) and give the user a password',
  ),
};

/** The server answers, but in another way than the address says. The key is the way in which it answers. */
export const tlsMismatches = {
  'without TLS': certificates['no-tls'],
  'with TLS': lasting(
    'this Redis speaks TLS at that port',
    'write REDIS_URL with rediss:// in place of redis://',
  ),
};

const unreachable = temporary(
  'BullMQ cannot reach its Redis',
  'check that Redis runs and that REDIS_URL names it, with rediss:// where it speaks TLS; `npx roundsman doctor` looks closer',
);

/** The error for a meaning that was found in another way, for example by reading the role. */
export function refusal(meaning: Meaning, why: string, options?: ErrorOptions) {
  const { what, hint } = meaning;
  const Kind = meaning.passes ? QueueNotReadyError : QueueRefusedError;
  return new Kind({ what, why, hint }, options);
}

/** Whether a reply says that its server does not, or no longer, take writes. */
export const isOfReplica = (error: Error): boolean => replies[0]![0].test(error.message);

/**
 * The number of the database that a SELECT asked for and did not get; null for any other error, and when the login
 * failed before it: the failed login says more.
 */
export function refusedDatabase(error: unknown): string | null {
  if (!(error instanceof Error) || error.name !== 'ReplyError') return null;
  const { command } = error as { command?: { name?: string; args?: unknown[] } };
  if (command?.name?.toLowerCase() !== 'select' || error.message.startsWith('NOAUTH')) return null;
  return String(command.args?.[0]);
}

const withoutDatabase = (number: string): Meaning =>
  lasting(
    `this Redis does not give the queue its database ${number}`,
    'let REDIS_URL name a database that the server has (`redis-cli CONFIG GET databases` says how many), or none, which means 0; if the user may not select one: ACL SETUSER with +select',
  );

/** What a reply means; null for an unknown reply. */
export const meaningOfText = (text: string): Meaning | null =>
  replies.find(([pattern]) => pattern.test(text))?.[1] ?? null;

/** The error to throw for a reply of Redis or a failed connection (`failure`); `cause` becomes its cause. */
export function queueErrorOf(
  failure: unknown,
  cause: unknown,
): QueueNotReadyError | QueueRefusedError {
  const why = messageOf(failure);
  const tls = tlsFaultOf(failure);
  const isReply = failure instanceof Error && failure.name === 'ReplyError';
  const database = refusedDatabase(failure);
  const meaningOfReply = () =>
    meaningOfText(why) ?? (database === null ? otherReply : withoutDatabase(database));
  const meaning = tls ? certificates[tls] : isReply ? meaningOfReply() : unreachable;
  return refusal(meaning, why, { cause });
}
