/** Watches whether people are told, and whether they answer: tickets, messages, silences. */
import { defineBot } from '../src/bot.ts';
import { config } from './herald/config.ts';
import { findFailedMessages, findWaitingMessages } from './herald/messages.ts';
import { findEndingSilences, findHiddenCritical } from './herald/silences.ts';
import { findLateTickets, findUnassignedTickets } from './herald/tickets.ts';

export const herald = defineBot({
  name: 'herald',
  displayName: 'Herald',
  description:
    'Watches tickets past their response target or without a person, messages that wait or fail, and silences that end soon or hide critical findings.',
  schedule: '*/15 * * * *',
  config,
  checks: [
    {
      name: 'late-tickets',
      title: 'Does a person answer every ticket in time?',
      run: findLateTickets,
    },
    {
      name: 'unassigned-tickets',
      title: 'Does a person have every ticket?',
      run: findUnassignedTickets,
    },
    {
      name: 'waiting-messages',
      title: 'Are messages sent when they are due?',
      run: findWaitingMessages,
    },
    {
      name: 'failed-messages',
      title: 'Do messages reach their receivers?',
      events: true,
      windowSeconds: ({ failed_hours }) => failed_hours * 3_600,
      run: findFailedMessages,
    },
    {
      name: 'silences-ending',
      title: 'Is no silence about to end over an open problem?',
      run: findEndingSilences,
    },
    {
      name: 'silenced-critical',
      title: 'Is no critical finding hidden by a silence?',
      run: findHiddenCritical,
    },
  ],
  knowledge: [
    {
      name: 'tickets.late',
      category: 'tickets',
      pattern: '^\\d+ tickets? past (?:its|their) response target',
      solution:
        'Read them with `npx roundsman tickets list --overdue`, and acknowledge or assign each. If a person who gets them is away, ' +
        'change the escalation policy (`npx roundsman policy set`). If tickets of one severity are always late, its ' +
        'response target is too short or its problem too common: rate it lower or mend it.',
      autonomy: 'suggest',
    },
    {
      name: 'tickets.unassigned',
      category: 'tickets',
      pattern: '^\\d+ tickets? without a person',
      solution:
        'Read them with `npx roundsman tickets list --status open`, and give each to a person (`npx roundsman tickets assign`). ' +
        'If all tickets of a severity are born without a person, the setting `escalation` names none for it: add one.',
      autonomy: 'suggest',
    },
    {
      name: 'messages.waiting',
      category: 'messages',
      pattern:
        '^Channel \\S+: \\d+ messages? (?:was|were) not sent when due|^Events of tickets wait to become messages',
      solution:
        'See `npx roundsman notify show` for what the channel says. If a secret of it cannot be opened, set it anew ' +
        '(`npx roundsman secrets set`). If nothing is sent at all, look whether a worker is alive and whether the jobs ' +
        '`route-events` and `deliver` run (`npx roundsman jobs list`).',
      autonomy: 'suggest',
    },
    {
      name: 'messages.failed',
      category: 'messages',
      pattern: '^Channel \\S+: \\d+ of \\d+ messages? failed',
      solution:
        'Read the error of the newest one (`npx roundsman notify list --status failed`). Mend the receiver or its address, ' +
        'try it (`npx roundsman notify test`), and have the failed ones sent again (`npx roundsman notify retry`).',
      autonomy: 'suggest',
    },
    {
      name: 'silences.ending',
      category: 'silences',
      pattern: '^\\d+ silences? ends? soon',
      solution:
        'When it ends, people are told of what it hides, and healing acts on it. Mend the problem before, or make a new silence ' +
        'with a reason (`npx roundsman silences add`).',
      autonomy: 'suggest',
    },
    {
      name: 'silences.hide-critical',
      category: 'silences',
      pattern: '^\\d+ critical findings? (?:is|are) hidden by silences',
      solution:
        'Ask the owner of each silence whether this problem is meant. If it is not, end the silence ' +
        '(`npx roundsman silences end`) and make a narrower one. If it is, open a ticket by hand or make the silence ' +
        'anew for this problem alone (`--fingerprint`), so that its reason is in writing.',
      autonomy: 'suggest',
    },
  ],
});
