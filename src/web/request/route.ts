import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import type { Config } from '../../config.ts';
import type { Db } from '../../database/connect.ts';
import type { Emit } from '../../events/events.ts';
import type { Receiver } from '../../services/sources/receive.ts';
import type { Bodies } from './body.ts';

/** What routes work with. */
export interface WebDependencies {
  /** The database; null while it cannot be reached at the start. Throws nothing. */
  database(): Db | null;
  /** the keys and variables with which secrets are opened */
  sources: Pick<Config, 'keys' | 'variable'>;
  emit: Emit;
  receiver: Receiver;
}

export interface Environment {
  Bindings: HttpBindings;
  Variables: WebDependencies & { bodies: Bodies };
}

/** One request as a route sees it: `c.var.database()`, `rawBody(c)`. */
export type Request = Context<Environment>;

/** One address and what answers it. What it throws is answered with 500 and an event; an outage of the database with 503. */
export interface Route {
  method: 'GET' | 'POST';
  /** as Hono writes it, such as `/in/:source` */
  path: string;
  answer(c: Request): Response | Promise<Response>;
}
