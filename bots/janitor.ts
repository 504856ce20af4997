/** Finds data that should have been deleted, ended or computed again, and rows whose parent row is missing. */
import { defineBot } from '../src/bot.ts';
import { config } from './janitor/config.ts';
import { findExpiredSessions } from './janitor/expired-sessions.ts';
import { findOpenGameSessions, findOpenVisits } from './janitor/left-open.ts';
import { findOrphans, tablesWithReferences } from './janitor/orphans.ts';
import { findStaleRanks } from './janitor/stale-ranks.ts';

export const janitor = defineBot({
  name: 'janitor',
  displayName: 'Janitor',
  description:
    'Finds expired sessions, game sessions and visits that never ended, stale ranks, and rows whose parent row is missing.',
  schedule: '15 3 * * *',
  needs: tablesWithReferences.toSorted(),
  config,
  checks: [
    {
      name: 'expired-sessions',
      title: 'Are expired sessions deleted?',
      accruing: true,
      run: findExpiredSessions,
    },
    {
      name: 'open-game-sessions',
      title: 'Do game sessions end?',
      accruing: true,
      run: findOpenGameSessions,
    },
    {
      name: 'open-visits',
      title: 'Do visits of spaces end?',
      accruing: true,
      run: findOpenVisits,
    },
    {
      name: 'stale-ranks',
      title: 'Do cached ranks match the scores?',
      accruing: true,
      run: findStaleRanks,
    },
    {
      name: 'orphans',
      title: 'Does every row have its parent row where no foreign key enforces it?',
      run: findOrphans,
    },
  ],
  // Patterns are anchored: titles also contain requested paths, which may contain any words.
  knowledge: [
    {
      name: 'session.expired',
      category: 'sessions',
      pattern: '^expired sessions are still stored',
      solution: 'steps:\n  - remedy: session.expire\n',
      autonomy: 'auto',
    },
    {
      name: 'games.stale-ranks',
      category: 'games',
      pattern: '^cached ranks are stale',
      solution: 'steps:\n  - remedy: leaderboard.refresh-ranks\n    with: { max_games: 1000 }\n',
      autonomy: 'auto',
    },
    {
      name: 'games.open-sessions',
      category: 'sessions',
      pattern: '^game sessions open for more than',
      solution:
        'Check whether most of them are of one game: group the open rows of game_sessions by game_id. If so, that game does ' +
        'not record the end of its sessions. End sessions of which only the browser was closed: set ended_at to a time soon ' +
        'after started_at, without a score.',
      autonomy: 'suggest',
    },
    {
      name: 'craiverse.open-visits',
      category: 'sessions',
      pattern: '^visits of spaces open for more than',
      solution:
        'Set exited_at of these rows of space_visits, so that their places are free again: an avatar with a newer visit in ' +
        'another space left when that one began. If most of them are in one space, its client does not record that avatars leave.',
      autonomy: 'suggest',
    },
    {
      name: 'data.orphans',
      category: 'orphans',
      pattern: '^orphans in',
      solution:
        'Find out when the foreign key was dropped or switched off; an incomplete restore leaves its triggers off. ' +
        'Copy the rows, then delete them or set the column to NULL as the documented schema would have done, and add the ' +
        'foreign key or validate it (ALTER TABLE ... VALIDATE CONSTRAINT).',
      autonomy: 'suggest',
    },
  ],
});
