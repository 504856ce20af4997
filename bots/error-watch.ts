/** Tells people of each kind of error in error_logs once: when it is new, when it rises far above its mean, and when it comes back. */
import { defineBot } from '../src/bot.ts';
import { config } from './error-watch/config.ts';
import { findErrorGroups } from './error-watch/groups.ts';
import { findLateCounting } from './error-watch/late-counting.ts';
import { adviceOn } from './parts/advice.ts';

const advice = adviceOn('errors');

export const errorWatch = defineBot({
  name: 'error-watch',
  displayName: 'Error watch',
  description:
    'Reads the groups into which the job group-errors counts error_logs: it reports groups that are new, spike or came back, each once.',
  schedule: '*/5 * * * *',
  needs: ['error_logs'],
  config,
  checks: [
    {
      name: 'error-groups',
      title: 'Is no group of errors new, spiking or back?',
      events: true,
      windowSeconds: ({ quiet_hours }) => quiet_hours * 3_600,
      run: findErrorGroups,
    },
    {
      name: 'counting',
      title: 'Are errors counted into their groups soon?',
      run: findLateCounting,
    },
  ],
  // Patterns are anchored: titles also contain words of error messages, which may be any.
  knowledge: [
    advice(
      'new',
      '^New error: ',
      'Read `npx roundsman errors show` with the number of the group: its stack frames say where to look, its releases since when. If it ' +
        'began with a deployment, roll that back or mend it; then resolve the ticket, and you hear of the error only if it comes back. If it ' +
        'may be ignored, mute the group. If it is the same as another group, merge them.',
    ),
    advice(
      'spiking',
      '^Error spikes: ',
      'Compare its beginning with the last deployment and with findings of the other bots at that time: a database, a provider or one ' +
        'client that repeats a request is the usual reason. `npx roundsman errors show` names its users, releases and stack frames.',
    ),
    advice(
      'back',
      '^Error came back: ',
      'The error was resolved, and has occurred since. Compare the releases that `npx roundsman errors show` names with the one that was to ' +
        'mend it: either that is not deployed everywhere, or it did not help.',
    ),
    advice(
      'flood',
      '^Flood of different errors: ',
      'More new kinds of messages of this type have come than people can read one by one. Most probably each message contains a text that differs every ' +
        'time. Have the code log that text in `context`, or name the group itself in `context.fingerprint`.',
    ),
    advice(
      'late',
      '^Errors are counted late: ',
      'See `npx roundsman jobs show group-errors`: whether it runs, and why it failed. If it says that errors wait, a transaction has been ' +
        'open since before they were written: sentinel-db reports it, end it in the program that holds it.',
    ),
  ],
});
