/** The bot behind every `https://` endpoint: it passes the question on to the address. */
import { defineBot, type Bot } from '../contract/bot.ts';
import { askRemote, checkName } from './ask.ts';
import { remoteConfig } from './config.ts';

/** One definition for all addresses: the check reads the address from its run. */
export const remoteBot: Bot = defineBot({
  name: 'remote',
  displayName: 'Remote bot',
  description: 'Calls a route of the platform over https, and records what it answers.',
  schedule: '*/5 * * * *',
  looksOutside: true,
  config: remoteConfig,
  checks: [
    {
      name: checkName,
      title: 'What does the remote bot report?',
      remembers: true,
      run: askRemote,
    },
  ],
});
