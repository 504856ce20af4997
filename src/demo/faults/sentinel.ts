import type { Db } from '../../database/connect.ts';
import type { Fault } from './fault.ts';

/** Nothing is asked of these addresses: a check knows by the address alone that it may not, or cannot, ask it. */
const anApp = (
  db: Db,
  slug: string,
  app: { deployment_url: string | null; status?: 'active' | 'beta' | 'maintenance' },
) =>
  db
    .insertInto('app_catalog')
    .values({ slug, name: slug, category: 'business', credit_cost: 1, ...app })
    .execute();

export const sentinelFaults: Fault[] = [
  {
    name: 'sentinel.answers.private-address',
    title: 'The deployment_url of an active app is a private address',
    async plant(db) {
      await anApp(db, 'fault-private-address', { deployment_url: 'http://10.20.30.40:8080/' });
    },
    async lookalike(db) {
      await anApp(db, 'fault-without-address', { deployment_url: null });
      await anApp(db, 'fault-in-maintenance', {
        deployment_url: 'http://10.20.30.40:8080/',
        status: 'maintenance',
      });
    },
  },
  {
    name: 'sentinel.answers.no-address',
    title: 'The deployment_url of an active app is not an http or https address',
    async plant(db) {
      await anApp(db, 'fault-no-address', { deployment_url: 'see the wiki' });
    },
    async lookalike(db) {
      await anApp(db, 'fault-empty-address', { deployment_url: ' ' });
    },
  },
];
