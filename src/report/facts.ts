/** What was found, healed and told in a report, as labels and values. Foreign text in them is printable. */
import { severities } from '../ground/severity.ts';
import { counted, countsInWords, printable } from '../ground/text.ts';
import type { Report } from './report.ts';

const states = [
  'verified',
  'held',
  'applied',
  'intent',
  'relapsed',
  'failed',
  'unknown',
  'undecided',
  'undone',
  'aborted',
];

/** Labels and values of what was found, healed and told. */
export function factsOf(report: Report): [label: string, value: string][] {
  const {
    bot_findings: found,
    heals,
    tickets,
    bot_notifications: told,
    other_runs,
    maintenance,
    silences,
  } = report;
  const words = Object.keys(heals);
  const known = [...states, ...words.filter((word) => !states.includes(word))];
  const others = Object.entries(other_runs).map(([trigger, count]): [number, string] => [
    count,
    printable(trigger),
  ]);
  return [
    ['Found', countsInWords(severities.map((word) => [found[word] ?? 0, word])) ?? 'nothing'],
    ['Heals', countsInWords(known.map((word) => [heals[word] ?? 0, printable(word)])) ?? 'none'],
    [
      'Tickets',
      `${tickets.opened} opened, ${tickets.resolved} resolved, ${tickets.reopened} reopened, ${tickets.past_target} passed their target`,
    ],
    ['Storms', tickets.storms === 0 ? 'none' : String(tickets.storms)],
    [
      'Tickets now',
      countsInWords([
        [tickets.pending, 'pending'],
        [tickets.urgent, 'critical or high'],
        [tickets.late, 'past their target'],
        [tickets.snoozed, 'snoozed'],
      ]) ?? 'none',
    ],
    [
      'Messages',
      told.set_up
        ? `${told.sent} sent, ${told.failed} failed, ${told.pending} wait`
        : 'no channels are set up: people are told of nothing',
    ],
    ...(others.length > 0
      ? ([['Other runs', countsInWords(others) ?? 'none']] as [string, string][])
      : []),
    ...(silences && silences.count > 0
      ? ([
          [
            'Hidden',
            `${counted(silences.count, 'silence')}: ${counted(silences.open_findings, 'open finding')}, ${counted(silences.pending_tickets, 'pending ticket')}`,
          ],
        ] as [string, string][])
      : []),
    ...(maintenance.windows > 0
      ? ([
          [
            'Held back',
            `${counted(maintenance.windows, 'maintenance window')}: ${counted(maintenance.open_findings, 'open finding')}, ${counted(maintenance.pending_tickets, 'pending ticket')}`,
          ],
        ] as [string, string][])
      : []),
  ];
}
