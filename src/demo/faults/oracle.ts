import { minute } from '../time.ts';
import type { Fault } from './fault.ts';
import { many } from '../many.ts';
import { addAction, addDailyWork, addLogins, addRequests, addSessions } from './oracle-rows.ts';
import { addUser, addUsers } from './users.ts';

export const oracleFaults: Fault[] = [
  {
    name: 'oracle.address-logins.stuffing',
    title: 'One IP address tries passwords of 60 accounts, and few are right',
    async plant(db, now) {
      const tried = await addUsers(db, 60);
      await addLogins(
        db,
        now,
        tried.map((user, i) => ({ ip: '203.0.113.66', status: i % 30 === 29 ? 200 : 401, user })),
      );
    },
    // A school behind one address: 200 pupils sign in, and many mistype once.
    async lookalike(db, now) {
      const pupils = await addUsers(db, 200);
      const typos = pupils.slice(0, 60).map((user) => ({ ip: '192.0.2.1', status: 401, user }));
      await addLogins(db, now, [
        ...typos,
        ...pupils.map((user) => ({ ip: '192.0.2.1', status: 200, user })),
        // Other people, so that not all requests come from one address.
        ...many(40, (i) => ({ ip: `198.51.100.${i + 1}`, status: 200 })),
      ]);
    },
  },
  {
    name: 'oracle.address-logins.network',
    title: 'A client tries passwords, each time from another address of its IPv6 /64',
    async plant(db, now) {
      await addLogins(
        db,
        now,
        many(80, (i) => ({ ip: `2001:db8:bad:1::${(i + 1).toString(16)}`, status: 401 })),
      );
    },
    // As many failures, each from a network of its own.
    async lookalike(db, now) {
      await addLogins(
        db,
        now,
        many(80, (i) => ({ ip: `2001:db8:${(i + 1).toString(16)}::1`, status: 401 })),
      );
    },
  },
  {
    name: 'oracle.account-logins',
    title: 'The password of one account is guessed from 40 networks',
    async plant(db, now) {
      const user = await addUser(db);
      await addLogins(
        db,
        now,
        many(40, (i) => ({ ip: `203.0.${i}.9`, status: 401, user: user })),
      );
    },
    // A user forgot the password, and an app keeps trying an old one.
    async lookalike(db, now) {
      const [forgot, app] = await addUsers(db, 2);
      await addLogins(db, now, [
        ...many(9, () => ({ ip: '198.51.100.8', status: 401, user: forgot! })),
        { ip: '198.51.100.8', status: 200, user: forgot! },
        ...many(60, () => ({ ip: '198.51.100.9', status: 401, user: app! })),
      ]);
    },
  },
  {
    name: 'oracle.login-wave',
    title: 'Passwords are tried from 4,000 IP addresses, once from each',
    async plant(db, now) {
      await addLogins(
        db,
        now,
        many(4000, (i) => ({ ip: `203.${i % 250}.${Math.floor(i / 250)}.7`, status: 401 })),
      );
    },
    // Monday morning: fewer failures, among many successes.
    async lookalike(db, now) {
      await addLogins(
        db,
        now,
        many(900, (i) => ({ ip: `198.51.${i % 250}.7`, status: i % 4 === 0 ? 401 : 200 })),
      );
    },
  },
  {
    name: 'oracle.request-rate',
    title: 'One IP address sends 900 requests in each of three minutes',
    async plant(db, now) {
      await addRequests(db, now, '203.0.113.80', { minutes: 3, count: 900 });
    },
    // A school: as many requests, of eight users.
    async lookalike(db, now) {
      await addRequests(db, now, '192.0.2.9', {
        minutes: 3,
        count: 900,
        of: await addUsers(db, 8),
      });
    },
  },
  {
    name: 'oracle.role-changes',
    title: 'A user became an administrator an hour ago',
    async plant(db, now) {
      const user = await addUser(db, { role: 'admin' });
      await db
        .insertInto('user_activity_log')
        .values({
          user_id: user,
          action_type: 'role_change',
          resource_type: 'profile',
          resource_id: user,
          created_at: new Date(now.getTime() - 60 * minute),
        })
        .execute();
    },
    // The changed role is that of a user who is no administrator.
    async lookalike(db, now) {
      const user = await addUser(db);
      await db
        .insertInto('user_activity_log')
        .values({
          user_id: user,
          action_type: 'role_change',
          resource_type: 'profile',
          resource_id: user,
          created_at: new Date(now.getTime() - 60 * minute),
        })
        .execute();
    },
  },
  {
    name: 'oracle.odd-hours',
    title: 'An administrator acts at an hour at which they never did before, from a new network',
    async plant(db, now) {
      const admin = await addUser(db, { role: 'admin' });
      await addDailyWork(db, now, admin, [10, 11, 12, 13]);
      await addAction(db, now, admin, '203.0.113.5');
    },
    // One acts at a usual hour; the other one acts too rarely to have usual hours.
    async lookalike(db, now) {
      const [usual, rare] = await addUsers(db, 2, { role: 'admin' });
      await addDailyWork(db, now, usual!, [0, 1, 2]);
      await addAction(db, now, usual!, '203.0.113.6');
      await addAction(db, now, rare!, '203.0.113.7');
    },
  },
  {
    name: 'oracle.session-networks',
    title: 'One user has begun sessions in 20 networks within half an hour',
    async plant(db, now) {
      const user = await addUser(db);
      await addSessions(
        db,
        now,
        user,
        many(20, (i) => `203.0.${i}.4`),
      );
    },
    // A phone is used at home, in the office and on the way; and an office has 30 sessions in one network.
    async lookalike(db, now) {
      const [phone, office] = await addUsers(db, 2);
      await addSessions(db, now, phone!, [
        '198.51.100.4',
        '192.0.2.77',
        '203.0.113.9',
        '2001:db8:5::1',
      ]);
      await addSessions(
        db,
        now,
        office!,
        many(30, (i) => `198.51.100.${i + 100}`),
      );
    },
  },
];
