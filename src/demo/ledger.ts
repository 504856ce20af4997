import { apps } from './apps.ts';
import type { Chance } from './chance.ts';
import { day } from './time.ts';

interface Booking {
  user_id: string;
  amount: number;
  type: 'purchase' | 'usage' | 'refund' | 'bonus';
  description: string;
  balance_after: number;
  metadata: Record<string, string> | null;
  created_at: Date;
}

/** The bookings of one user in the last 30 days, oldest first; each balance_after is the previous one plus the amount. */
function history(chance: Chance, now: Date, user_id: string): Booking[] {
  const bookings: Booking[] = [];
  let balance = 0;
  let time = now.getTime() - 30 * day + chance.between(0, day);
  const add = (booking: Pick<Booking, 'amount' | 'type' | 'description'>, app?: string) => {
    balance += booking.amount;
    const metadata = app ? { app } : null;
    bookings.push({
      user_id,
      ...booking,
      balance_after: balance,
      metadata,
      created_at: new Date(time),
    });
    time += chance.between(day, 3 * day);
  };
  add({ amount: 100, type: 'bonus', description: 'Welcome' });
  for (let left = chance.between(6, 9); left > 0; left--) {
    const app = chance.pick(apps);
    const share = chance.next();
    if (share < 0.2) add({ amount: 500, type: 'purchase', description: 'Credits, pack of 500' });
    else if (share < 0.3 && bookings.at(-1)?.type === 'usage')
      add(
        { amount: app.credit_cost, type: 'refund', description: `Refund: ${app.name}` },
        app.slug,
      );
    else if (balance >= app.credit_cost)
      add({ amount: -app.credit_cost, type: 'usage', description: app.name }, app.slug);
  }
  return bookings;
}

/**
 * The bookings of all users, oldest first, and the credits that each profile shows. The profiles of the users `drifted`
 * show an old balance; the balances of the user `broken` are wrong.
 */
export function ledger(
  chance: Chance,
  now: Date,
  users: string[],
  { drifted, broken }: { drifted: string[]; broken: string },
) {
  const shown = users.map((id) => ({ id, credits: 0 }));
  const rows = shown.flatMap((profile) => {
    const bookings = history(chance, now, profile.id);
    const [previous, last] = bookings.slice(-2) as [Booking, Booking];
    // As if both bookings had read the same balance: the balance of the later one lacks the amount of the earlier one.
    if (profile.id === broken) last.balance_after -= previous.amount;
    // As if profiles had been restored from last week's dump, but the ledger had not: the credits are an older balance,
    // and no application would notice.
    const old = bookings
      .slice(0, -3)
      .findLast((booking) => booking.balance_after !== last.balance_after);
    profile.credits = (drifted.includes(profile.id) && old ? old : last).balance_after;
    return bookings;
  });
  return { rows: rows.toSorted((a, b) => a.created_at.getTime() - b.created_at.getTime()), shown };
}
