/** Watches whether people are told of problems, and whether they respond: tickets, messages, silences. */
import { defineBot } from '../src/bot.ts';
import { config } from './herald/config.ts';
import { findFailedMessages, findWaitingMessages } from './herald/messages.ts';
import { findEndingSilences, findHiddenCritical } from './herald/silences.ts';
import { findLateTickets, findUnassignedTickets } from './herald/tickets.ts';

export const herald = defineBot({
  name: 'herald',
  displayName: 'Herald',
  description:
    'Finds tickets that are past their response target or not assigned, messages that wait or fail, and silences that end soon or hide critical findings.',
  schedule: '*/15 * * * *',
  config,
  checks: [
    {
      name: 'late-tickets',
      title: 'Does a person acknowledge every ticket in time?',
      run: findLateTickets,
    },
    {
      name: 'unassigned-tickets',
      title: 'Is every ticket assigned to a person?',
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
      title: 'Does no silence end soon while it hides open findings?',
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
      pattern: '^\\d+ tickets? (?:is|are) past (?:its|their) response target',
      solution:
        'Read them with `npx roundsman tickets list --overdue`, and acknowledge or assign each. If the person who gets them is absent, ' +
        'change the escalation policy (`npx roundsman policy set`). If tickets of one severity are always late, its ' +
        'response target is too short or its problem too common: rate it lower or mend it.',
      autonomy: 'suggest',
    },
    {
      name: 'tickets.unassigned',
      category: 'tickets',
      pattern: '^\\d+ tickets? (?:is|are) not assigned',
      solution:
        'Read them with `npx roundsman tickets list --status open`, and give each to a person (`npx roundsman tickets assign`). ' +
        'If all new tickets of a severity are not assigned, the setting `escalation` names no person for it: add one.',
      autonomy: 'suggest',
    },
    {
      name: 'messages.waiting',
      category: 'messages',
      pattern:
        '^Channel \\S+: \\d+ messages? (?:was|were) not sent when due|^Events of tickets wait for their messages',
      solution:
        'See the state of the channel with `npx roundsman notify show`. If one of its secrets cannot be opened, store it again ' +
        '(`npx roundsman secrets set`). If nothing is sent at all, check that a worker is alive and that the jobs ' +
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
      pattern: '^\\d+ silences? that hides? open findings ends? soon',
      solution:
        'When it ends, people are told of the findings that it hides, and healing acts on them. Mend them before, or make a new silence ' +
        'with a reason (`npx roundsman silences add`).',
      autonomy: 'suggest',
    },
    {
      name: 'silences.hide-critical',
      category: 'silences',
      pattern: '^\\d+ critical findings? (?:is|are) hidden by silences',
      solution:
        'Ask the owner of each silence whether it is meant to hide this finding. If it is not, end the silence ' +
        '(`npx roundsman silences end`) and make a narrower one. If it is, open a ticket by hand or make a new ' +
        'silence for this finding alone (`--fingerprint`), so that its reason is in writing.',
      autonomy: 'suggest',
    },
  ],
});
