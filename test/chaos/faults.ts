/** How each kind of fault is made, from outside: signals, servers, sockets, and SQL as a person could type it. */
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

/** What a fault did: whom it hit (null: everybody), or why it could not happen. */
export type Done = { target: string | null } | { missed: string };

type Make = (stage: Stage, planned: Planned) => Promise<Done>;

const one = <Item>(items: Item[], pick: number): Item | undefined =>
  items[Math.floor(pick * items.length)];

/** The one that a replayed plan names, or the one that the lot falls on. */
const aimedAt = (posts: Post[], { pick, target }: Planned): Post | undefined =>
  posts.find(({ name }) => name === target) ?? one(posts, pick);

/** Up and in the way of nothing: a process that is stopped or cut off already is not hit twice at once. */
const able = ({ crew }: Stage, role: Role | null): Post[] =>
  crew.posts.filter(
    (post) =>
      (role === null || post.role === role) && post.kept && post.life?.readyAt && !busy.has(post),
  );

/** Posts under a fault that lasts. At most one of a role, so that there is somebody to take over. */
const busy = new Set<Post>();

async function lasting(post: Post, work: () => Promise<void>): Promise<Done> {
  busy.add(post);
  try {
    await work();
  } finally {
    busy.delete(post);
  }
  return { target: post.name };
}

/** A post of this role, unless another of the role is under a fault that lasts. */
function spare(stage: Stage, role: Role | null, planned: Planned): Post | undefined {
  const post = aimedAt(able(stage, role), planned);
  return post && [...busy].some((each) => each.role === post.role) ? undefined : post;
}

const nobody: Done = { missed: 'nobody was up to be hit' };

const end =
  (role: Role, signal: 'SIGKILL' | 'SIGTERM'): Make =>
  async (stage, planned) => {
    const post = aimedAt(able(stage, role), planned);
    if (!post) return nobody;
    stage.crew.end(post, signal, planned.kind);
    return { target: post.name };
  };

const stop =
  (role: Role): Make =>
  async (stage, planned) => {
    const post = spare(stage, role, planned);
    if (!post) return nobody;
    return lasting(post, async () => {
      stage.crew.stop(post);
      await sleep(planned.lastsMs);
      stage.crew.goOn(post);
    });
  };

const freeze =
  (server: 'postgres' | 'redis'): Make =>
  async (stage, planned) => {
    const post = spare(stage, null, planned);
    if (!post) return nobody;
    return lasting(post, async () => {
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
    const children = able(stage, 'worker').flatMap((post) =>
      childrenOf(post.life!.pid).map((pid) => ({ post, pid })),
    );
    const aimed = children.filter(({ post }) => post.name === target);
    const child = one(aimed.length > 0 ? aimed : children, pick);
    if (!child) return nobody;
    process.kill(child.pid, 'SIGKILL');
    return { target: child.post.name };
  },

  /** Its run has as many attempts as it may end workers; one such run at a time. */
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

  /** More than half of the engine's sessions, in the middle of whatever they do. */
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

  /** As a person or a restored row might: slots that have their run already come due once more. */
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
