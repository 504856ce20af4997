/** Compares the platform's traffic with what is usual, each minute: requests, sessions, errors; and watches the host on which it runs. */
import { defineBot } from '../src/bot.ts';
import { config } from './pulse/config.ts';
import { compareErrors } from './pulse/error-share.ts';
import { checkHost } from './pulse/host.ts';
import { compareSessions } from './pulse/sessions.ts';
import { compareRequests } from './pulse/traffic.ts';

const askSentinel = (why: string) =>
  `# ${why} The bot sentinel checks all apps now, before its next slot.\n` +
  'steps:\n  - remedy: run.early\n    with: { bot: sentinel, minutes: 5 }\n';

export const pulse = defineBot({
  name: 'pulse',
  displayName: 'Pulse',
  description:
    'Compares requests, sessions and errors with the same weekday and hour of past weeks, and watches memory and CPU of the host.',
  schedule: '* * * * *',
  needs: ['api_logs', 'user_sessions'],
  config,
  checks: [
    {
      name: 'requests',
      title: 'Are there as many requests as usual?',
      run: compareRequests,
    },
    {
      name: 'error-share',
      title: 'Is the share of failed requests as usual?',
      events: true,
      // Requests of the last minutes may not be there yet.
      windowSeconds: ({ window_minutes, lag_minutes }) => (window_minutes + lag_minutes) * 60,
      run: compareErrors,
    },
    {
      name: 'sessions',
      title: 'Are there as many active sessions as usual?',
      remembers: true,
      run: compareSessions,
    },
    {
      name: 'host',
      title: 'Does the host have enough memory and CPU?',
      remembers: true,
      run: (given, context) => checkHost(given, context),
    },
  ],
  // Patterns are anchored: titles also contain requested paths, which may contain any words.
  knowledge: [
    {
      name: 'pulse.requests-fell',
      category: 'traffic',
      pattern: '^requests fell to',
      solution: askSentinel('Users may not reach the platform.'),
      autonomy: 'auto',
    },
    {
      name: 'pulse.errors-rose',
      category: 'traffic',
      pattern: '^error share rose to',
      solution: askSentinel('A part of the platform may fail.'),
      autonomy: 'auto',
    },
    {
      name: 'pulse.requests-rose',
      category: 'traffic',
      pattern: '^requests rose to',
      solution:
        'Ask whether a campaign began. If not, group the newest rows of api_logs by ip_address and endpoint: a few ' +
        'IP addresses with most requests for one endpoint are a client in a loop or an attack: limit their rate.',
      autonomy: 'suggest',
    },
    {
      name: 'pulse.sessions-fell',
      category: 'traffic',
      pattern: '^active sessions fell to',
      solution:
        'Check whether many sessions were deleted or expired at once, by a deployment that changed their secret or lifetime, or ' +
        'by a clean-up without a limit. If the login itself fails, its endpoint is among the findings of sentinel-api.',
      autonomy: 'suggest',
    },
    {
      name: 'pulse.host-short',
      category: 'host',
      pattern: '^host .{1,80} is short of',
      solution:
        'See which process uses it (`systemd-cgtop`, `docker stats`, `ps`). If it is the engine itself, give it fewer runs at ' +
        'once (ROUNDSMAN_CONCURRENCY) or the host more memory or CPU; if it is the database, move one of the two to another host.',
      autonomy: 'suggest',
    },
  ],
});
