import type { Route } from '../request/route.ts';

/**
 * `GET /health`: 200 while the database answers, else 503. For load balancers and supervisors; it says nothing else about the
 * installation, because whoever reaches the port may ask.
 */
export const health: Route = {
  method: 'GET',
  path: '/health',
  async answer(c) {
    const db = c.var.database();
    if (!db) return c.json({ status: 'no database' }, 503);
    const { isAnswering } = await import('../../services/database/is-answering.ts');
    return (await isAnswering(db))
      ? c.json({ status: 'ok' })
      : c.json({ status: 'no database' }, 503);
  },
};
