import type { Db } from '../../database/connect.ts';
import type { Fault } from './fault.ts';

/** Adds an app. No request goes to its address: the check sees by the address alone that it may not, or cannot, send one. */
const addApp = (
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
      await addApp(db, 'fault-private-address', { deployment_url: 'http://10.20.30.40:8080/' });
    },
    async lookalike(db) {
      await addApp(db, 'fault-without-address', { deployment_url: null });
      await addApp(db, 'fault-in-maintenance', {
        deployment_url: 'http://10.20.30.40:8080/',
        status: 'maintenance',
      });
    },
  },
  {
    name: 'sentinel.answers.no-address',
    title: 'The deployment_url of an active app is not an http or https address',
    async plant(db) {
      await addApp(db, 'fault-no-address', { deployment_url: 'see the wiki' });
    },
    async lookalike(db) {
      await addApp(db, 'fault-empty-address', { deployment_url: ' ' });
    },
  },
];
