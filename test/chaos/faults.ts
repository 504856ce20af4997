/** Makes each kind of fault from outside: with signals, servers, sockets, and SQL that a person could type. */
import { setTimeout as sleep } from 'node:timers/promises';
import { setClockOff } from './clock-off.ts';
import { childrenOf, type Crew, type Post, type Role } from './crew.ts';
import { poison } from './load.ts';
import type { Kind, Planned } from './plan.ts';
import type { PostgresServer } from './postgres-server.ts';
import type { RedisServer } from './redis-server.ts';

export interface Stage {
  crew: Crew;
  postgres: PostgresServer;
  redis: RedisServer | null;
}

/** The result of a fault: the post that it hit (null: all of them), or why it could not happen. */
export type FaultResult = { target: string | null } | { missed: string };

type Make = (stage: Stage, planned: Planned) => Promise<FaultResult>;

const pickOne = <Item>(items: Item[], pick: number): Item | undefined =>
  items[Math.floor(pick * items.length)];

/** The post that a replayed plan names, or the one that `pick` selects. */
const choosePost = (posts: Post[], { pick, target }: Planned): Post | undefined =>
  posts.find(({ name }) => name === target) ?? pickOne(posts, pick);

/** The posts that a fault may hit: their process has started, and no fault that lasts hits them already. */
const hittable = ({ crew }: Stage, role: Role | null): Post[] =>
  crew.posts.filter(
    (post) =>
      (role === null || post.role === role) &&
      post.isKept &&
      post.life?.readyAt &&
      !hitPosts.has(post),
  );

/** The posts that a fault hits that lasts: at most one of each role, so that another one can take over its work. */
const hitPosts = new Set<Post>();

async function whileHit(post: Post, work: () => Promise<void>): Promise<FaultResult> {
  hitPosts.add(post);
  try {
    await work();
  } finally {
    hitPosts.delete(post);
  }
  return { target: post.name };
}

/** A post for a fault that lasts; undefined if such a fault hits another post of its role already. */
function spareOne(stage: Stage, role: Role | null, planned: Planned): Post | undefined {
  const post = choosePost(hittable(stage, role), planned);
  return post && [...hitPosts].some((each) => each.role === post.role) ? undefined : post;
}

const noneToHit: FaultResult = { missed: 'there was no process that could be hit' };

const end =
  (role: Role, signal: 'SIGKILL' | 'SIGTERM'): Make =>
  async (stage, planned) => {
    const post = choosePost(hittable(stage, role), planned);
    if (!post) return noneToHit;
    stage.crew.end(post, signal, planned.kind);
    return { target: post.name };
  };

const stop =
  (role: Role): Make =>
  async (stage, planned) => {
    const post = spareOne(stage, role, planned);
    if (!post) return noneToHit;
    return whileHit(post, async () => {
      stage.crew.suspend(post);
      await sleep(planned.lastsMs);
      stage.crew.resume(post);
    });
  };

const freeze =
  (server: 'postgres' | 'redis'): Make =>
  async (stage, planned) => {
    const post = spareOne(stage, null, planned);
    if (!post) return noneToHit;
    return whileHit(post, async () => {
      post[server]!.freeze();
      await sleep(planned.lastsMs);
      post[server]!.reset();
    });
  };

export const faults: Record<Kind, Make> = {
  'kill worker': end('worker', 'SIGKILL'),
  'kill scheduler': end('scheduler', 'SIGKILL'),
  'restart worker': end('worker', 'SIGTERM'),
  'restart scheduler': end('scheduler', 'SIGTERM'),
  'stop worker': stop('worker'),
  'stop scheduler': stop('scheduler'),
  'freeze Postgres': freeze('postgres'),
  'freeze Redis': freeze('redis'),

  async 'kill child'(stage, { pick, target }) {
    const children = hittable(stage, 'worker').flatMap((post) =>
      childrenOf(post.life!.pid).map((pid) => ({ post, pid })),
    );
    const aimed = children.filter(({ post }) => post.name === target);
    const child = pickOne(aimed.length > 0 ? aimed : children, pick);
    if (!child) return noneToHit;
    process.kill(child.pid, 'SIGKILL');
    return { target: child.post.name };
  },

  /** Queues a run of the bot that kills its worker, unless one is queued or running. Each of its attempts kills a worker. */
  async 'worker-killing bot'({ postgres }) {
    const rows = await postgres.ask(
      `INSERT INTO bot_executions (bot_id, status, started_at, trigger, max_attempts, queued_at)
       SELECT b.id, 'queued', engine.now(), 'manual', b.max_attempts, engine.now() FROM bots b
       WHERE b.name = $1 AND NOT EXISTS (SELECT FROM bot_executions e
                                         WHERE e.bot_id = b.id AND e.status IN ('queued', 'running'))
       RETURNING id`,
      [poison],
    );
    return rows.length > 0 ? { target: poison } : { missed: 'the one before has not ended' };
  },

  'clock an hour off': setClockOff,

  /** Ends more than half of the engine's sessions, whatever they are doing. */
  async 'end connections'({ postgres }, { pick }) {
    await postgres.ask(
      `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
       WHERE backend_type = 'client backend' AND application_name <> 'chaos'
         AND pid % 100 >= $1`,
      [Math.floor(pick * 40)],
    );
    return { target: null };
  },

  async 'restart Postgres'({ postgres }) {
    await postgres.restartImmediately();
    return { target: null };
  },

  async 'restart Redis'({ redis }, { lastsMs }) {
    await redis!.killAndStart(lastsMs / 4);
    return { target: null };
  },

  async flush({ redis }) {
    await redis!.flush();
    return { target: null };
  },

  /** Makes slots due again that already have their run, as a person or a restored row could do. */
  async 'set slots back'({ postgres }, { pick }) {
    const rows = await postgres.ask(
      `UPDATE bots b SET next_slot_at = next_slot_at - interval '1 minute',
                         next_execution_at = next_slot_at - interval '1 minute'
       WHERE status = 'active' AND name LIKE 'steady-%' AND abs(hashtext(name)) % 7 = $1
         AND EXISTS (SELECT FROM bot_executions e WHERE e.bot_id = b.id AND e.reason IS DISTINCT FROM 'missed'
                       AND e.scheduled_for = b.next_slot_at - interval '1 minute')
       RETURNING id`,
      [Math.floor(pick * 7)],
    );
    return rows.length > 0 ? { target: null } : { missed: 'no slot had its run yet' };
  },
};
