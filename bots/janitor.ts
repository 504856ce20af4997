/** Looks for data that should have been deleted, ended or computed anew, and for rows that have lost their parent. */
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
    'Looks for expired sessions, game sessions and visits that never ended, stale ranks, and rows that lost their parent.',
  schedule: '15 3 * * *',
  needs: tablesWithReferences.toSorted(),
  config,
  checks: [
    {
      name: 'expired-sessions',
      title: 'Are expired sessions gone?',
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
      title: 'Are cached ranks what the scores say?',
      accruing: true,
      run: findStaleRanks,
    },
    {
      name: 'orphans',
      title: 'Has every row its parent where no foreign key guards it?',
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
        'Look whether one game began most of them: group the open rows of game_sessions by game_id. If so, that game does ' +
        'not report its end. What was left when a browser was closed may be ended: set ended_at to a time soon after ' +
        'started_at, and no score.',
      autonomy: 'suggest',
    },
    {
      name: 'craiverse.open-visits',
      category: 'sessions',
      pattern: '^visits of spaces open for more than',
      solution:
        'Set exited_at of these rows of space_visits, so that their places are free again: an avatar whose newer visit lies ' +
        'in another space left then. If most of them lie in one space, the client there does not report that avatars leave.',
      autonomy: 'suggest',
    },
    {
      name: 'data.orphans',
      category: 'orphans',
      pattern: '^orphans in',
      solution:
        'Find out when the foreign key was dropped or switched off; a restore that was cut short leaves its triggers off. ' +
        'Copy the rows, then delete them or set the column to NULL as the documented schema would have done, and add the ' +
        'foreign key or validate it (ALTER TABLE ... VALIDATE CONSTRAINT).',
      autonomy: 'suggest',
    },
  ],
});
