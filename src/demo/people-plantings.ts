import { balanceOf, bookingOf } from './bookings.ts';
import { people } from './people.ts';
import { Chance } from './chance.ts';
import { idOf, timeWithin, type Planting, type World } from './planting.ts';
import { day } from './time.ts';

const modules = ['first_responders', 'veterans', 'caregivers', 'faith'];

/** Users, their organisations, groups, avatars and other rows about them. */
export function peoplePlantings({ size, now }: World): Planting[] {
  const { profiles } = size;
  const someone = (chance: Chance) => idOf('profiles', chance.between(0, profiles - 1));
  const organizations = Math.ceil(profiles / 40);
  const groups = Math.ceil(profiles / 50);
  const spaces = Math.max(10, Math.ceil(profiles / 500));
  const avatars = Math.ceil(profiles / 2);
  const samples = people(new Chance(1), now, Math.min(profiles, 150));
  const emailOf = (i: number) => `person.${i + 1}@moonfold.test`;

  return [
    {
      table: 'auth.users',
      columns: ['id', 'email'],
      count: profiles,
      row: (i) => [idOf('profiles', i), emailOf(i)],
    },
    {
      table: 'profiles',
      columns: [
        'id',
        'email',
        'display_name',
        'role',
        'credits',
        'subscription_tier',
        'subscription_status',
        'created_at',
        'last_login_at',
      ],
      count: profiles,
      row(i, chance) {
        const { display_name, subscription_tier, subscription_status } =
          samples[i % samples.length]!;
        const role = i === 0 ? 'owner' : i < 3 ? 'admin' : 'user';
        // The same balance as the last booking of this user in the table credits.
        const credits = balanceOf(size, i);
        return [
          idOf('profiles', i),
          emailOf(i),
          display_name,
          role,
          credits,
          subscription_tier,
          subscription_status,
          timeWithin(chance, now, 400),
          timeWithin(chance, now, 14),
        ];
      },
    },
    {
      table: 'credits',
      columns: ['user_id', 'amount', 'type', 'description', 'balance_after', 'created_at'],
      count: size.credits,
      row(i) {
        const { user, amount, type, description, balance_after, created_at } = bookingOf(
          size,
          now,
          i,
        );
        return [idOf('profiles', user), amount, type, description, balance_after, created_at];
      },
    },
    {
      table: 'user_sessions',
      columns: ['user_id', 'token', 'ip_address', 'user_agent', 'expires_at', 'created_at'],
      count: profiles * 2,
      row(i, chance) {
        // Each session is valid for at least another day.
        const expires = new Date(now.getTime() + chance.between(day, 7 * day));
        return [
          idOf('profiles', i % profiles),
          `fiction-${chance.hex(16)}-${i}`,
          `192.0.2.${chance.between(1, 254)}`,
          'Firefox on Linux',
          expires,
          new Date(expires.getTime() - 7 * day),
        ];
      },
    },
    {
      table: 'user_activity_log',
      columns: ['user_id', 'action_type', 'resource_type', 'details', 'created_at'],
      count: profiles * 3,
      row: (_, chance) => [
        someone(chance),
        chance.pick(['login', 'logout', 'update', 'purchase']),
        'profile',
        { source: 'web' },
        timeWithin(chance, now, 30),
      ],
    },
    {
      table: 'organizations',
      columns: ['id', 'name', 'owner_id', 'plan', 'credits_pool', 'max_members'],
      count: organizations,
      row: (i, chance) => [
        idOf('organizations', i),
        `Guild of ${i + 1}`,
        idOf('profiles', i),
        chance.pick(['free', 'team', 'enterprise']),
        chance.between(0, 5_000),
        50,
      ],
    },
    {
      table: 'organization_members',
      columns: ['organization_id', 'user_id', 'role'],
      count: organizations * 5,
      row: (i) => [
        idOf('organizations', Math.floor(i / 5)),
        idOf('profiles', (Math.floor(i / 5) + (i % 5) * organizations) % profiles),
        i % 5 === 0 ? 'owner' : 'member',
      ],
    },
    {
      table: 'support_groups',
      columns: ['id', 'name', 'module', 'max_members', 'created_by'],
      count: groups,
      row: (i, chance) => [
        idOf('support_groups', i),
        `Circle ${i + 1}`,
        chance.pick(modules),
        20,
        idOf('profiles', i),
      ],
    },
    {
      table: 'group_members',
      columns: ['group_id', 'user_id', 'role'],
      count: groups * 5,
      row: (i) => [
        idOf('support_groups', Math.floor(i / 5)),
        idOf('profiles', (Math.floor(i / 5) + (i % 5) * groups) % profiles),
        i % 5 === 0 ? 'admin' : 'member',
      ],
    },
    {
      table: 'first_responders',
      columns: ['user_id', 'role', 'agency', 'verified'],
      count: Math.ceil(profiles / 20),
      row: (i, chance) => [
        idOf('profiles', i),
        chance.pick(['firefighter', 'police', 'ems', 'dispatcher']),
        `Station ${i + 1}`,
        chance.next() < 0.7,
      ],
    },
    {
      table: 'avatars',
      columns: ['id', 'user_id', 'name', 'appearance'],
      count: avatars,
      row: (i, chance) => [
        idOf('avatars', i),
        idOf('profiles', i),
        `Avatar ${i + 1}`,
        { hat: chance.between(1, 9), coat: chance.pick(['red', 'green', 'blue']) },
      ],
    },
    {
      table: 'virtual_spaces',
      columns: ['id', 'name', 'type', 'owner_id'],
      count: spaces,
      row: (i, chance) => [
        idOf('virtual_spaces', i),
        `Plaza ${i + 1}`,
        chance.pick(['plaza', 'hall', 'garden']),
        idOf('profiles', i),
      ],
    },
    {
      table: 'space_visits',
      columns: ['avatar_id', 'space_id', 'entered_at', 'exited_at', 'duration_seconds'],
      count: avatars * 2,
      row(_, chance) {
        const entered = new Date(timeWithin(chance, now, 14).getTime() - 7_200_000);
        const seconds = chance.between(30, 7_000);
        return [
          idOf('avatars', chance.between(0, avatars - 1)),
          idOf('virtual_spaces', chance.between(0, spaces - 1)),
          entered,
          new Date(entered.getTime() + seconds * 1000),
          seconds,
        ];
      },
    },
  ];
}
