/**
 * The processes of the engine (the crew): real command lines, each behind proxies of its own. A process that ends is
 * started again, as by a process manager.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openProxy, type Proxy } from './proxy.ts';

export type Role = 'scheduler' | 'worker';

/** One process of a post, from its start to its end. */
export interface Life {
  post: Post;
  pid: number;
  startedAt: number;
  /** when it logged that it had started */
  readyAt: number | null;
  endedAt: number | null;
  /** why the harness ended it; null when it ended by itself */
  endedFor: string | null;
  how: string | null;
  lastOutput: string;
}

/** A place in the crew, in which one process after the other runs. `from` is the address of all its connections. */
export interface Post {
  name: string;
  role: Role;
  from: string;
  postgres: Proxy;
  redis: Proxy | null;
  /** the process that runs now */
  life: Life | null;
  stopped: boolean;
  environment: NodeJS.ProcessEnv;
  /** whether another process is started when this one ends */
  isKept: boolean;
}

export interface Crew {
  posts: Post[];
  lives: Life[];
  /** Adds a post and starts its process. */
  add(
    role: Role,
    name: string,
    options?: { environment?: NodeJS.ProcessEnv; kept?: boolean },
  ): Promise<Post>;
  /**
   * Ends the process of a post. If the post is kept, another process is started: after a SIGKILL when the first one has
   * ended, after a SIGTERM at once, as in a rolling deployment.
   */
  end(post: Post, signal: 'SIGKILL' | 'SIGTERM', why: string): void;
  /** Stops the process of a post with SIGSTOP. */
  suspend(post: Post): void;
  /** Continues it with SIGCONT. */
  resume(post: Post): void;
  /** Ends all processes, and starts none again. Resolves with the posts whose process had to be killed. */
  endAll(patienceMs: number): Promise<Post[]>;
}

export interface CrewOptions {
  checkout: string;
  logs: string;
  databaseUrl: string;
  postgresPort: number;
  redisPort: number | null;
  concurrency: number;
}

/** The wait before a process is started again, in ms; it is longer after a start that failed. */
const restartAfterMs = { ended: 200, failed: 1_000 };

export function startCrew(options: CrewOptions): Crew {
  const { checkout, logs, databaseUrl, postgresPort, redisPort } = options;
  mkdirSync(logs, { recursive: true });
  const posts: Post[] = [];
  const lives: Life[] = [];
  const processes = new Map<Life, ChildProcess>();
  let dismissed = false;
  // Without this, the processes would go on after the end of the harness.
  process.on('exit', () => {
    for (const child of processes.values()) child.kill('SIGKILL');
  });
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(name, () => process.exit(130));

  function start(post: Post): void {
    const url = new URL(databaseUrl);
    url.port = String(post.postgres.port);
    const environment = {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      DATABASE_URL: url.href,
      ...(post.redis && { REDIS_URL: `redis://127.0.0.1:${post.redis.port}` }),
      ROUNDSMAN_CONCURRENCY: String(options.concurrency),
      ...post.environment,
    };
    const child = spawn(process.execPath, ['src/bin/roundsman.js', post.role], {
      cwd: checkout,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const life: Life = {
      post,
      pid: child.pid!,
      startedAt: Date.now(),
      readyAt: null,
      endedAt: null,
      endedFor: null,
      how: null,
      lastOutput: '',
    };
    const log = createWriteStream(join(logs, `${post.name}.log`), { flags: 'a' });
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data: Buffer) => {
        const text = data.toString();
        life.readyAt ??= text.includes('"msg":"started"') ? Date.now() : null;
        life.lastOutput = (life.lastOutput + text).slice(-4_000);
        log.write(data);
      });
    processes.set(life, child);
    lives.push(life);
    post.life = life;
    child.on('close', (code, signal) => {
      life.endedAt = Date.now();
      const replaced = post.life !== life;
      life.how = signal ?? `exit code ${code}`;
      log.end(
        `-- ${new Date().toISOString()} pid ${life.pid} ended: ${life.how} (${life.endedFor ?? 'by itself'})\n`,
      );
      processes.delete(life);
      if (replaced) return;
      post.life = null;
      post.stopped = false;
      if (!post.isKept || dismissed) return;
      const wait = life.readyAt ? restartAfterMs.ended : restartAfterMs.failed;
      setTimeout(() => !dismissed && post.isKept && start(post), wait);
    });
  }

  const signal = (post: Post, name: NodeJS.Signals) =>
    void (post.life && processes.get(post.life)?.kill(name));
  const resume = (post: Post) => {
    post.stopped = false;
    signal(post, 'SIGCONT');
  };

  return {
    posts,
    lives,
    async add(role, name, { environment = {}, kept = true } = {}) {
      const from = `127.0.1.${posts.length + 1}`;
      const postgres = await openProxy(postgresPort, from);
      const redis = redisPort === null ? null : await openProxy(redisPort, from);
      const post = {
        name,
        role,
        from,
        postgres,
        redis,
        life: null,
        stopped: false,
        environment,
        isKept: kept,
      };
      posts.push(post);
      start(post);
      return post;
    },
    end(post, name, why) {
      if (!post.life) return;
      post.life.endedFor ??= why;
      signal(post, name);
      if (name === 'SIGTERM' && post.isKept) start(post);
    },
    suspend(post) {
      post.stopped = true;
      signal(post, 'SIGSTOP');
    },
    resume,
    async endAll(patienceMs) {
      dismissed = true;
      const living = [...processes].map(([life, child]) => ({ life, child }));
      const late: Post[] = [];
      await Promise.all(
        living.map(async ({ life, child }) => {
          resume(life.post);
          const ended = new Promise((resolve) => child.once('close', resolve));
          // A process that already drains would end at once after a second SIGTERM.
          if (life.endedFor === null) child.kill('SIGTERM');
          life.endedFor ??= 'the end';
          const timer = setTimeout(() => {
            late.push(life.post);
            child.kill('SIGKILL');
          }, patienceMs);
          await ended;
          clearTimeout(timer);
        }),
      );
      for (const { postgres, redis } of posts) {
        postgres.close();
        redis?.close();
      }
      return late;
    },
  };
}

/** The child processes of a process, according to /proc. */
export function childrenOf(pid: number): number[] {
  const file = `/proc/${pid}/task/${pid}/children`;
  return existsSync(file)
    ? readFileSync(file, 'utf8').trim().split(/\s+/).filter(Boolean).map(Number)
    : [];
}
