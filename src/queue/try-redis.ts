/** Does one real write and read on Redis, as BullMQ does them: in a script, under the queue's own prefix. */
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { messageOf } from '../ground/errors.ts';
import { QueueRefusedError } from './errors.ts';
import { refusal, meaningOfText } from './redis-errors.ts';
import { queueName } from './transport.ts';

/**
 * The commands that BullMQ's scripts call, each in a form that works and does little. `$` and a letter name a key, with
 * one key for each type: `$h` a hash, `$l` and `$m` lists, `$z` a sorted set, `$s` a set, `$x` a stream, `$t` a text.
 */
export const scriptedCommands = [
  'SET $t 1',
  'GET $t',
  'INCR $t',
  'PEXPIRE $t 60000',
  'PTTL $t',
  'PERSIST $t',
  'EXISTS $t',
  'HSET $h a 1',
  'HMSET $h b 2',
  'HGET $h a',
  'HMGET $h a b',
  'HGETALL $h',
  'HEXISTS $h a',
  'HINCRBY $h a 1',
  'HDEL $h b',
  'LPUSH $l a b c',
  'RPUSH $l d',
  'LLEN $l',
  'LRANGE $l 0 -1',
  'LINDEX $l 0',
  'LPOS $l a',
  'LREM $l 1 a',
  'LTRIM $l 0 5',
  'RPOPLPUSH $l $m',
  'LPOP $l',
  'ZADD $z 1 a 2 b 3 c',
  'ZSCORE $z a',
  'ZCARD $z',
  'ZRANGE $z 0 -1',
  'ZREVRANGE $z 0 -1',
  'ZRANGEBYSCORE $z 0 1',
  'ZREVRANGEBYSCORE $z 1 0',
  'ZREM $z a',
  'ZPOPMIN $z',
  'ZREMRANGEBYSCORE $z 0 1',
  'ZREMRANGEBYRANK $z 5 6',
  'SADD $s a',
  'SCARD $s',
  'SMEMBERS $s',
  'SREM $s a',
  'XADD $x * a 1',
  'XTRIM $x MAXLEN 1',
  'DEL $t $h $l $m $z $s $x',
];

const keyTypes = ['t', 'h', 'l', 'm', 'z', 's', 'x'];

/** Returns `command<TAB>error` for each command that failed. */
const script = `
local failed = {}
for line in ARGV[1]:gmatch('[^\\n]+') do
  local words = {}
  for word in line:gmatch('%S+') do
    if word:sub(1, 1) == '$' then
      for i, type_letter in ipairs({${keyTypes.map((type) => `'${type}'`).join(', ')}}) do
        if word == '$' .. type_letter then word = KEYS[i] end
      end
    end
    words[#words + 1] = word
  end
  local reply = redis.pcall(unpack(words))
  if type(reply) == 'table' and reply['err'] then failed[#failed + 1] = words[1] .. '\\t' .. reply['err'] end
end
return failed`;

/** The words of access errors of Redis, Valkey and similar servers. An error about a key matches `forbidsKey` as well. */
const forbidsKey = /key/i;
const forbidden = /NOPERM|no permissions?|ACL failure|can't run this command/i;
const unknown = /unknown (redis )?command|Unknown Redis command/i;

/**
 * Resolves when everything worked. Throws QueueRefusedError that names the missing commands or keys, or the meaning
 * that {@link meaningOfText} knows for the reply.
 */
export async function tryRedis(redis: Redis, prefix: string): Promise<void> {
  const probe = `${prefix}:${queueName}:try-${randomUUID()}`;
  const keys = keyTypes.map((type) => `${probe}:${type}`);
  const failed: [string, string][] = [];
  const attempt = async (command: string, call: () => Promise<unknown>) => {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof Error && error.name === 'ReplyError')) throw error;
      // In a transaction the first error is the reason; the last one only says that there was an error.
      const [first = error] = (error as { previousErrors?: Error[] }).previousErrors ?? [];
      const why = messageOf(first);
      failed.push([/'([\w|]+)' command/.exec(why)?.[1]?.toUpperCase() ?? command, why]);
      return null;
    }
  };
  const reply = await attempt('EVAL', () =>
    redis.eval(script, keys.length, ...keys, scriptedCommands.join('\n')),
  );
  for (const line of (reply ?? []) as string[]) {
    const [command = '', ...why] = line.split('\t');
    failed.push([command, why.join('\t')]);
  }
  // The commands that BullMQ sends outside of its scripts.
  await attempt('EVALSHA', () => redis.evalsha('0'.repeat(40), 1, keys[0]!));
  await attempt('HSET', () => redis.hset(`${probe}:h`, 'a', '1'));
  await attempt('HGETALL', () => redis.hgetall(`${probe}:h`));
  await attempt('ZADD', () => redis.zadd(`${probe}:z`, 1, 'a'));
  await attempt('BZPOPMIN', () => redis.bzpopmin(`${probe}:z`, 1));
  await attempt('MULTI', () => redis.multi().del(`${probe}:h`).exec());
  await attempt('DEL', () => redis.del(...keys));
  throwFirstRefusal(
    // An unknown script: NOSCRIPT is the answer of a server that allows EVALSHA.
    failed.filter(([, why]) => !why.startsWith('NOSCRIPT')),
    prefix,
  );
}

/** Throws the error of the failed commands that says most; returns if none failed. */
function throwFirstRefusal(failed: [string, string][], prefix: string): void {
  if (failed.length === 0) return;
  const meaning = failed.flatMap(([, why]) => meaningOfText(why) ?? [])[0];
  const [, first] = failed[0]!;
  if (meaning) throw refusal(meaning, first);
  const keys = failed.filter(([, why]) => forbidden.test(why) && forbidsKey.test(why));
  const commands = [
    ...new Set(
      failed
        .filter(([, why]) => (forbidden.test(why) && !forbidsKey.test(why)) || unknown.test(why))
        .map(([command]) => command),
    ),
  ];
  if (commands.length > 0)
    throw new QueueRefusedError({
      what: 'this Redis does not let BullMQ do its work',
      why: `the user may not, or the server cannot: ${commands.join(', ')} (${first})`,
      hint: `let the user of REDIS_URL call ${commands.map((name) => `+${name.toLowerCase()}`).join(' ')} (ACL SETUSER), on a server that does not rename these commands`,
    });
  if (keys.length > 0)
    throw new QueueRefusedError({
      what: 'this Redis does not let BullMQ have its keys',
      why: first,
      hint: `let the user of REDIS_URL have the keys ~${prefix}:* (ACL SETUSER)`,
    });
  throw new QueueRefusedError({
    what: 'this Redis cannot hold the queue',
    why: failed
      .map(([command, why]) => `${command}: ${why}`)
      .slice(0, 3)
      .join('; '),
    hint: 'use a Redis, or a server that does what Redis 6.2 does, scripts included',
  });
}
