import type { Chance } from './chance.ts';
import { day } from './time.ts';

const firstNames =
  'Ada Bela Cato Dora Edda Finn Greta Hugo Ines Jora Kian Lena Milo Nora Otis'.split(' ');
const lastNames = 'Ashdown Brook Calder Dunmore Elm Farrow Glade Hollis Ivory Juniper'.split(' ');

/** Profiles without credits: an owner, two admins, and users. All their addresses end in `.test`. */
export const people = (chance: Chance, now: Date, count: number) =>
  Array.from({ length: count }, (_, i) => {
    const first = firstNames[i % firstNames.length] as string;
    const last = lastNames[(i * 7 + Math.floor(i / 10)) % lastNames.length] as string;
    const tier = chance.pick([null, 'light', 'standard', 'advanced', 'premium']);
    return {
      id: chance.uuid(),
      email: `${first}.${last}.${i + 1}@moonfold.test`.toLowerCase(),
      display_name: `${first} ${last}`,
      role: i === 0 ? 'owner' : i < 3 ? 'admin' : 'user',
      credits: 0,
      subscription_tier: tier,
      subscription_status: tier ? 'active' : null,
      created_at: new Date(now.getTime() - chance.between(31, 300) * day),
      last_login_at: new Date(now.getTime() - chance.between(60_000, 6 * day)),
    };
  });

/** Sessions of these users. The first `expired` of them ended in the last six days; the others are still valid. */
export const sessions = (
  chance: Chance,
  now: Date,
  users: string[],
  { count, expired }: { count: number; expired: number },
) =>
  Array.from({ length: count }, (_, i) => {
    const validForMs = chance.between(60, 6 * 86_400) * 1000 * (i < expired ? -1 : 1);
    return {
      user_id: chance.pick(users),
      token: `fiction-${chance.hex(32)}`,
      ip_address: `192.0.2.${chance.between(1, 254)}`,
      user_agent: chance.pick(['Firefox on Linux', 'Chrome on Windows', 'Safari on iPhone']),
      expires_at: new Date(now.getTime() + validForMs),
      created_at: new Date(now.getTime() + validForMs - 7 * day),
    };
  });
