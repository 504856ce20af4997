import { Hono } from 'hono';
import { isFault } from '../database/faults/fault-behind.ts';
import { isOutage } from '../database/faults/outage.ts';
import { noDatabase, retrySoon } from './request/answers.ts';
import { BodyRefusedError, countBodies } from './request/body.ts';
import { limits as allLimits, type Limits } from './limits.ts';
import type { Environment, Route, WebDependencies } from './request/route.ts';
import { routes as allRoutes } from './routes/index.ts';

/** How often a fault of the database is reported at most. */
const reportEveryMs = 60_000;

/**
 * Everything that a listener answers. Answers are constant texts or JSON: no part of a request is repeated in them.
 */
export function appOf(
  { database, sources, emit, receiver }: WebDependencies,
  limits: Limits = allLimits,
  routes: readonly Route[] = allRoutes,
): Hono<Environment> {
  const app = new Hono<Environment>({ strict: true });
  const bodies = countBodies(limits.bodyBytes, limits.allBodiesBytes);
  let running = 0;
  let reportedAt = -Infinity;
  app.use(async (c, next) => {
    c.header('cache-control', 'no-store');
    c.header('x-content-type-options', 'nosniff');
    c.set('database', database);
    c.set('sources', sources);
    c.set('emit', emit);
    c.set('receiver', receiver);
    c.set('bodies', bodies);
    if (running >= limits.requests) return c.json(tooMany, 503, retrySoon);
    running += 1;
    try {
      return await next();
    } finally {
      running -= 1;
    }
  });
  for (const { method, path, answer } of routes)
    app.on(method, path, (c) =>
      withinMs(limits.answerMs, Promise.resolve(answer(c)), () => c.json(late, 503, retrySoon)),
    );
  for (const path of new Set(routes.map((route) => route.path))) {
    const allowed = routes.filter((route) => route.path === path).map(({ method }) => method);
    app.all(path, (c) =>
      c.json({ error: `only ${allowed.join(' and ')} is answered here` }, 405, {
        allow: allowed.join(', '),
      }),
    );
  }
  app.notFound((c) => c.json({ error: 'not found' }, 404));
  app.onError((error, c) => {
    if (error instanceof BodyRefusedError)
      return c.json({ error: error.message }, error.status, {
        ...(error.status === 503 && retrySoon),
        // The rest of the body is not read.
        connection: 'close',
      });
    if (isOutage(error)) return c.json(noDatabase, 503, retrySoon);
    if (isFault(error)) {
      // Such as a full disk: the sender is to send it again. A storm of requests is one line a minute.
      if (performance.now() - reportedAt > reportEveryMs) {
        reportedAt = performance.now();
        emit('web.failed', { err: error });
      }
      return c.json(notNow, 503, retrySoon);
    }
    emit('web.failed', { err: error });
    return c.json({ error: 'this request failed' }, 500);
  });
  return app;
}

const tooMany = { error: 'too many requests arrive at once' };
const notNow = { error: 'the database cannot take it now' };
const late = { error: 'the answer took too long' };

/** The value of `work`, or of `otherwise` when that takes longer. */
async function withinMs<Value>(
  ms: number,
  work: Promise<Value>,
  otherwise: () => Value,
): Promise<Value> {
  const { promise, resolve } = Promise.withResolvers<Value>();
  const timer = setTimeout(() => resolve(otherwise()), ms);
  // After the answer a failure of the work has no reader.
  work.catch(() => {});
  return Promise.race([work, promise]).finally(() => clearTimeout(timer));
}
