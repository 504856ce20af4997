import type { Session } from '../cli/session/database.ts';
import { connect, forEngine, shortStatements, type Db } from '../database/connect.ts';
import { webConnections } from '../services/connections/plan.ts';

/** The pool of `roundsman web`. Its statements are short, and a sender waits for each of them. */
export const connectWeb = ({ url, config }: Session): Db =>
  connect(url, {
    name: 'roundsman web',
    max: Math.min(webConnections, config.connections ?? webConnections),
    keep: true,
    ...shortStatements,
    ...forEngine,
  });
