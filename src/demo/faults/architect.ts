import type { Db } from '../../database/connect.ts';
import type { Fault } from './fault.ts';

/** Adds an app. No request goes to its repository: the check sees by the address alone that it names none. */
const addApp = (
  db: Db,
  slug: string,
  app: { repository_url: string | null; status?: 'active' | 'deprecated' },
) =>
  db
    .insertInto('app_catalog')
    .values({ slug, name: slug, category: 'business', credit_cost: 1, ...app })
    .execute();

export const architectFaults: Fault[] = [
  {
    name: 'architect.addresses',
    title: 'The repository_url of an active app names no repository',
    async plant(db) {
      await addApp(db, 'fault-no-repository', { repository_url: 'https://github.com/fictional' });
    },
    async lookalike(db) {
      await addApp(db, 'fault-without-repository', { repository_url: null });
      await addApp(db, 'fault-other-host', { repository_url: 'https://git.example/a/b' });
      await addApp(db, 'fault-deprecated', {
        repository_url: 'https://github.com/fictional',
        status: 'deprecated',
      });
    },
  },
];
