import type { Session } from '../cli/session/database.ts';
import { connect, forEngine, shortStatements, type Db } from '../database/connect.ts';
import { webConnections } from '../services/connections/plan.ts';

/** The pool of `roundsman web`. Its statements are short, and a sender waits for each of them. */
export const connectWeb = ({ url }: Session): Db =>
  connect(url, {
    name: 'roundsman web',
    max: webConnections,
    keep: true,
    ...shortStatements,
    ...forEngine,
  });
