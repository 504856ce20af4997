import { randomUUID } from 'node:crypto';
import { day } from '../planting.ts';
import type { Fault } from './fault.ts';

const sessionThatEnds = (at: Date) => ({ token: randomUUID(), expires_at: at });

export const janitorFaults: Fault[] = [
  {
    name: 'janitor.expired-sessions',
    title: 'Sessions that expired two days ago are still stored',
    async plant(db, now) {
      const ended = Array.from({ length: 12 }, () =>
        sessionThatEnds(new Date(now.getTime() - 2 * day)),
      );
      await db.insertInto('user_sessions').values(ended).execute();
    },
    async lookalike(db, now) {
      const soon = sessionThatEnds(new Date(now.getTime() + day / 24));
      await db.insertInto('user_sessions').values(soon).execute();
    },
  },
];
