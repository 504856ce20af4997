import { rawBody } from '../request/body.ts';
import type { Request, Route } from '../request/route.ts';
import type { Received } from '../../services/remote/receive-report.ts';

/** The most characters of a header that is read; the headers of Standard Webhooks are far shorter. */
const maxHeader = 2_000;

const headerOf = (c: Request, name: string): string | null => {
  const given = c.req.header(name);
  return given === undefined || given.length > maxHeader ? null : given;
};

const retrySoon = { 'retry-after': '5' };

function answerTo(c: Request, received: Received): Response {
  switch (received.kind) {
    case 'received':
    case 'repeated':
      return c.json({ status: 'received' }, 202);
    case 'unauthorised':
      return c.json({ error: 'the signature does not fit' }, 401);
    case 'unfit':
      // Whoever reads this has signed the body; the names of its fields are repeated in part, as JSON.
      return c.json({ error: received.why }, 400);
    case 'unknown':
      return c.json({ error: 'there is no such request' }, 404);
    case 'conflict':
      return c.json({ error: 'another report of this request was received before' }, 409);
    case 'late':
      return c.json({ error: 'no report is awaited any more' }, 410);
    case 'later':
      return c.json({ error: 'the report cannot be taken now' }, 503, retrySoon);
  }
}

/** `POST /remote/<webhook-id of the request>`: the report of an asynchronous remote bot (docs/remote-bots.md). */
export const remote: Route = {
  method: 'POST',
  path: '/remote/:id',
  async answer(c) {
    const db = c.var.database();
    if (!db) return c.json({ error: 'the database cannot be reached' }, 503, retrySoon);
    const body = await rawBody(c);
    const { takeReport } = await import('../../services/remote/receive-report.ts');
    const received = await takeReport(
      { db, sources: c.var.sources },
      {
        id: c.req.param('id') ?? '',
        webhookId: headerOf(c, 'webhook-id'),
        timestamp: headerOf(c, 'webhook-timestamp'),
        signature: headerOf(c, 'webhook-signature'),
        body,
      },
    );
    if (received.kind === 'later') c.var.emit('web.report_put_off', { why: received.why });
    return answerTo(c, received);
  },
};
