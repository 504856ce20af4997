import { noDatabase, retrySoon } from '../request/answers.ts';
import { rawBody } from '../request/body.ts';
import type { Route } from '../request/route.ts';

/** One answer for a source that does not exist and for a signature that is wrong: it does not tell which sources there are. */
const unproven = {
  error: 'not accepted: no such source, or its signature or token is wrong or too old',
};

/** `POST /in/<source>`: 202 once the delivery is committed; the same one twice is answered 202 both times. */
export const incoming: Route = {
  method: 'POST',
  path: '/in/:source',
  async answer(c) {
    const body = await rawBody(c);
    const db = c.var.database();
    if (!db) return c.json(noDatabase, 503, retrySoon);
    const source = c.req.param('source') ?? '';
    const { headers } = c.env.incoming;
    const answer = await c.var.receiver.receive(db, source, { headers, body });
    switch (answer.kind) {
      case 'accepted':
        return c.json({ status: 'accepted' }, 202);
      case 'unproven':
        return c.json(unproven, 401);
      case 'busy':
        return c.json({ error: 'this source sends too much' }, 429, {
          'retry-after': String(answer.retryAfterSeconds),
        });
      case 'unfit':
        return c.json({ error: answer.why }, 400);
      case 'no json':
        return c.json(
          { error: 'the body is no JSON in UTF-8, or nested deeper than 32 levels' },
          400,
        );
    }
  },
};
