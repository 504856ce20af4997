/** Reads feeds outside for people: release notes, status pages, security advisories. */
import { defineBot } from '../src/bot.ts';
import { config } from './scout/config.ts';
import { findNews } from './scout/find-news.ts';

export const scout = defineBot({
  name: 'scout',
  displayName: 'Scout',
  description:
    'Reads the feeds in its settings: it reports new entries, and feeds that have none for long or cannot be read.',
  schedule: '0 */6 * * *',
  looksOutside: true,
  shipsPaused:
    'it has no feeds yet: `npx roundsman bots edit scout --set \'feeds=["https://..."]\'`, then `npx roundsman bots resume scout`',
  config,
  checks: [
    {
      name: 'feeds',
      title: 'Can every feed be read, and does it have new entries?',
      remembers: true,
      run: findNews,
    },
  ],
  // Patterns are anchored: descriptions also contain what servers said.
  knowledge: [
    {
      name: 'feeds.unreadable',
      category: 'feeds',
      pattern: '^feed .{1,100} cannot be read',
      solution:
        'Open the address in a browser. If it has moved, set the new one in the setting feeds of the scout. If it shows a ' +
        'page and no feed, its server refuses programs or has closed the feed: remove it from the setting.',
      autonomy: 'suggest',
    },
    {
      name: 'feeds.refused',
      category: 'feeds',
      pattern: '^feed .{1,100} is not read: its address is refused',
      solution:
        'Check the address in the setting feeds of the scout. If it is right, and its server is your own, allow its host with its ' +
        'port: `npx roundsman settings http_hosts --add HOST:PORT`.',
      autonomy: 'suggest',
    },
    {
      name: 'feeds.quiet',
      category: 'feeds',
      pattern: '^feed .{1,100} has had no new entry',
      solution:
        'Check whether its publisher has another feed now. If it rarely has entries, raise quiet_days of the scout. If it was ' +
        'closed, remove it from the setting feeds.',
      autonomy: 'suggest',
    },
  ],
});
