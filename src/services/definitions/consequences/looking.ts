import type { Catalogue } from '../../../catalogue/catalogue.ts';
import type { Db } from '../../../database/connect.ts';

/** What the consequences of a change are computed from. */
export interface Looking {
  db: Db;
  catalogue: Catalogue;
  now: Date;
  isOver: () => boolean;
}

/** Over how many days back it is computed what a definition would have done. */
export const days = 30;
