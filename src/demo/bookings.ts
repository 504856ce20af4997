/** The bookings of credits that `db seed` plants, computed from their numbers: other tables have to agree with them. */
import type { Size } from './sizes.ts';
import { day, hour } from './time.ts';

export interface Booking {
  /** the number of the user's profile */
  user: number;
  amount: number;
  type: 'bonus' | 'purchase' | 'usage';
  description: string;
  balance_after: number;
  created_at: Date;
}

const welcome = { amount: 100, type: 'bonus', description: 'Welcome' } as const;
const purchase = { amount: 50, type: 'purchase', description: 'Credits, pack of 50' } as const;
const usage = { amount: -5, type: 'usage', description: 'An app' } as const;

/** Each tenth booking of a user is a purchase. */
const bookingsAPurchase = 10;
const days = 30;

const balanceAfter = (step: number): number => {
  const purchases = Math.floor(step / bookingsAPurchase);
  return 100 + purchases * 50 - (step - purchases) * 5;
};

/**
 * The booking with this number. Every user has the same bookings: a welcome, then nine uses and a purchase, again and again.
 * Bookings are made in rounds, and each user gets one in a round. The oldest comes first, and the newest is an hour old.
 */
export function bookingOf({ profiles, credits }: Size, now: Date, index: number): Booking {
  const step = Math.floor(index / profiles);
  const age = hour + ((credits - 1 - index) * days * day) / credits;
  return {
    user: index % profiles,
    ...(step === 0 ? welcome : step % bookingsAPurchase === 0 ? purchase : usage),
    balance_after: balanceAfter(step),
    created_at: new Date(now.getTime() - Math.round(age)),
  };
}

/** The balance after the last booking of this user. */
export function balanceOf({ profiles, credits }: Size, user: number): number {
  const bookings = Math.floor(credits / profiles) + Number(user < credits % profiles);
  return bookings === 0 ? 0 : balanceAfter(bookings - 1);
}

/** How many bookings are uses of apps. */
export function usesOf({ profiles, credits }: Size): number {
  const rounds = Math.floor(credits / profiles);
  const isUse = (step: number) => step % bookingsAPurchase !== 0;
  const roundsOfUses = rounds - Math.ceil(rounds / bookingsAPurchase);
  return roundsOfUses * profiles + (isUse(rounds) ? credits % profiles : 0);
}

/** The booking of the use with this number. */
export function bookingOfUse(size: Size, now: Date, use: number): Booking {
  const round = Math.floor(use / size.profiles);
  // The first round has no uses, nor has each tenth one after it.
  const step =
    Math.floor(round / (bookingsAPurchase - 1)) * bookingsAPurchase +
    1 +
    (round % (bookingsAPurchase - 1));
  return bookingOf(size, now, step * size.profiles + (use % size.profiles));
}
