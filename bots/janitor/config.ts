/** The settings of the janitor. */
import { z } from '../../src/bot.ts';
import { count, time } from '../parts/settings.ts';

/** A year in hours. */
const maxHours = 8_760;

export const config = z.strictObject({
  // Each expired session is a token that the platform should have deleted.
  min_expired: count(1, 'fewer expired sessions than this are no finding'),
  // No game lasts a day without a pause: the end of such a session was lost.
  open_game_hours: time(24, 'how many hours a game session may be open', maxHours),
  // As open_game_hours.
  open_visit_hours: time(24, 'how many hours a visit of a space may last', maxHours),
  // Each session or visit that is still open after a day is wrong.
  min_open: count(1, 'fewer open game sessions or visits than this are no finding'),
  // A platform that ranks each hour may be late once.
  rank_hours: time(
    2,
    'how many hours after a new score the cached ranks may be older than it',
    maxHours,
  ),
});
export type Config = z.infer<typeof config>;
