import type { Fault } from './fault.ts';
import {
  acts,
  logins,
  minute,
  requests,
  sessions,
  times,
  users,
  worksDaily,
} from './oracle-rows.ts';

export const oracleFaults: Fault[] = [
  {
    name: 'oracle.address-logins.stuffing',
    title: 'One IP address tries passwords of 60 accounts, and few are right',
    async plant(db, now) {
      const tried = await users(db, 60);
      await logins(
        db,
        now,
        tried.map((user, i) => ({ ip: '203.0.113.66', status: i % 30 === 29 ? 200 : 401, user })),
      );
    },
    // A school behind one address: 200 pupils sign in, and many mistype once.
    async lookalike(db, now) {
      const pupils = await users(db, 200);
      const typos = pupils.slice(0, 60).map((user) => ({ ip: '192.0.2.1', status: 401, user }));
      await logins(db, now, [
        ...typos,
        ...pupils.map((user) => ({ ip: '192.0.2.1', status: 200, user })),
        // Other people, so that not all requests come from one address.
        ...times(40, (i) => ({ ip: `198.51.100.${i + 1}`, status: 200 })),
      ]);
    },
  },
  {
    name: 'oracle.address-logins.network',
    title: 'A client tries passwords, each time from another address of its IPv6 /64',
    async plant(db, now) {
      await logins(
        db,
        now,
        times(80, (i) => ({ ip: `2001:db8:bad:1::${(i + 1).toString(16)}`, status: 401 })),
      );
    },
    // As many failures, each from another network.
    async lookalike(db, now) {
      await logins(
        db,
        now,
        times(80, (i) => ({ ip: `2001:db8:${(i + 1).toString(16)}::1`, status: 401 })),
      );
    },
  },
  {
    name: 'oracle.account-logins',
    title: 'The password of one account is guessed from 40 networks',
    async plant(db, now) {
      const [user] = await users(db, 1);
      await logins(
        db,
        now,
        times(40, (i) => ({ ip: `203.0.${i}.9`, status: 401, user: user! })),
      );
    },
    // A user who forgot the password, and an app that goes on with an old one.
    async lookalike(db, now) {
      const [forgot, app] = await users(db, 2);
      await logins(db, now, [
        ...times(9, () => ({ ip: '198.51.100.8', status: 401, user: forgot! })),
        { ip: '198.51.100.8', status: 200, user: forgot! },
        ...times(60, () => ({ ip: '198.51.100.9', status: 401, user: app! })),
      ]);
    },
  },
  {
    name: 'oracle.login-wave',
    title: 'Passwords are tried from 4,000 IP addresses, once from each',
    async plant(db, now) {
      await logins(
        db,
        now,
        times(4000, (i) => ({ ip: `203.${i % 250}.${Math.floor(i / 250)}.7`, status: 401 })),
      );
    },
    // Monday morning: as many failures among many successes.
    async lookalike(db, now) {
      await logins(
        db,
        now,
        times(900, (i) => ({ ip: `198.51.${i % 250}.7`, status: i % 4 === 0 ? 401 : 200 })),
      );
    },
  },
  {
    name: 'oracle.request-rate',
    title: 'One IP address sends 900 requests in each of three minutes',
    async plant(db, now) {
      await requests(db, now, '203.0.113.80', { minutes: 3, count: 900 });
    },
    // A school: as many requests, of eight users.
    async lookalike(db, now) {
      await requests(db, now, '192.0.2.9', { minutes: 3, count: 900, of: await users(db, 8) });
    },
  },
  {
    name: 'oracle.role-changes',
    title: 'A user became an administrator an hour ago',
    async plant(db, now) {
      const [user] = await users(db, 1, 'admin');
      await db
        .insertInto('user_activity_log')
        .values({
          user_id: user!,
          action_type: 'role_change',
          resource_type: 'profile',
          resource_id: user!,
          created_at: new Date(now.getTime() - 60 * minute),
        })
        .execute();
    },
    // Of a user who is no administrator.
    async lookalike(db, now) {
      const [user] = await users(db, 1);
      await db
        .insertInto('user_activity_log')
        .values({
          user_id: user!,
          action_type: 'role_change',
          resource_type: 'profile',
          resource_id: user!,
          created_at: new Date(now.getTime() - 60 * minute),
        })
        .execute();
    },
  },
  {
    name: 'oracle.odd-hours',
    title: 'An administrator acts at an hour at which they never did before, from a new network',
    async plant(db, now) {
      const [admin] = await users(db, 1, 'admin');
      await worksDaily(db, now, admin!, [10, 11, 12, 13]);
      await acts(db, now, admin!, '203.0.113.5');
    },
    // One at the usual hour, and one who acts too rarely to have usual hours.
    async lookalike(db, now) {
      const [usual, rare] = await users(db, 2, 'admin');
      await worksDaily(db, now, usual!, [0, 1, 2]);
      await acts(db, now, usual!, '203.0.113.6');
      await acts(db, now, rare!, '203.0.113.7');
    },
  },
  {
    name: 'oracle.session-networks',
    title: 'One user has begun sessions in 20 networks within half an hour',
    async plant(db, now) {
      const [user] = await users(db, 1);
      await sessions(
        db,
        now,
        user!,
        times(20, (i) => `203.0.${i}.4`),
      );
    },
    // A phone between home, office and the road; and 30 sessions in one network.
    async lookalike(db, now) {
      const [phone, office] = await users(db, 2);
      await sessions(db, now, phone!, [
        '198.51.100.4',
        '192.0.2.77',
        '203.0.113.9',
        '2001:db8:5::1',
      ]);
      await sessions(
        db,
        now,
        office!,
        times(30, (i) => `198.51.100.${i + 100}`),
      );
    },
  },
];
