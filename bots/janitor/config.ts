import { z } from '../../src/bot.ts';

const hours = (otherwise: number, meaning: string) =>
  z.number().positive().max(8_760).default(otherwise).describe(meaning);

export const config = z.strictObject({
  min_expired: z
    .int()
    .min(1)
    .max(2_147_483_647)
    .default(1)
    .describe('fewer expired sessions are no finding'),
  // No game lasts a day without a pause: the end of such a session was lost.
  open_game_hours: hours(24, 'how many hours a game session may stay open'),
  open_visit_hours: hours(24, 'how many hours a visit of a space may last'),
  min_open: z
    .int()
    .min(1)
    .max(2_147_483_647)
    .default(1)
    .describe('fewer of them left open are no finding'),
  // A platform that ranks each hour may be late once.
  rank_hours: hours(2, 'how many hours after a new score the cached ranks may be old'),
});
export type Config = z.infer<typeof config>;

export const hoursBefore = (at: Date, hours: number): Date =>
  new Date(at.getTime() - hours * 3_600_000);
