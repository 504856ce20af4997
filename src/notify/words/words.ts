import type { Message, TestMessage } from '../message.ts';
import { groupWords } from './group.ts';
import { Parts, type Limits, type Words } from './parts.ts';
import { repeatOf } from './repeat.ts';
import { reportWords } from './report.ts';
import { ticketWords } from './ticket.ts';

export type { Limits, Words } from './parts.ts';

/** A message in words, each part safe to show and within these limits. */
export function wordsOf(message: Message, limits: Limits): Words {
  switch (message.kind) {
    case 'ticket':
      return ticketWords(message, limits);
    case 'group':
      return groupWords(message, limits);
    case 'report':
      return reportWords(message, limits);
    case 'test':
      return testWords(message, limits);
  }
}

function testWords(message: TestMessage, limits: Limits): Words {
  const parts = new Parts();
  return {
    subject: 'A test message of Roundsman',
    standing: 'Messages arrive here. Nothing is wrong, and nothing is to be done.',
    facts: [{ label: 'Asked by', value: parts.line('who asked', message.asked_by, limits.line) }],
    body: [],
    history: [],
    repeat: repeatOf(message),
    cut: parts.cut('npx roundsman notify list'),
    commands: [],
  };
}

const brief: Limits = { subject: 2_000, line: 2_000, body: 1, events: 100, tickets: 10 };

const briefReport: Limits = { subject: 200, line: 500, body: 10_000, events: 0, tickets: 20 };

/** A message in few lines: what is new, without the facts and the description of a ticket, which `tickets show` prints. */
export function briefLines(message: Message): string[] {
  const words = wordsOf(
    withoutDescription(message),
    message.kind === 'report' ? briefReport : brief,
  );
  const { subject, standing, facts, body, history, repeat, cut } = words;
  return [
    subject,
    standing,
    ...(message.kind === 'ticket' ? [] : facts.map(({ label, value }) => `${label}: ${value}`)),
    ...body,
    ...history,
    ...[repeat, cut].filter((line) => line !== null),
  ];
}

/** {@link ticketWords} leaves out a description that equals the title. */
const withoutDescription = (message: Message): Message =>
  message.kind === 'ticket'
    ? { ...message, ticket: { ...message.ticket, description: message.ticket.title } }
    : message;

/** All of a message in lines of plain text; a channel without a form of its own sends these. */
export function linesOf(words: Words): string[] {
  const width = Math.max(0, ...words.facts.map(({ label }) => label.length));
  const parts: string[][] = [
    [words.subject, words.standing],
    words.repeat === null ? [] : [words.repeat],
    words.facts.map(({ label, value }) => `${label.padEnd(width)}  ${value}`),
    words.body,
    words.history.length > 0 ? ['What happened', ...words.history] : [],
    words.cut === null ? [] : [words.cut],
    words.commands,
  ];
  return parts
    .filter((lines) => lines.length > 0)
    .flatMap((lines, index) => (index > 0 ? ['', ...lines] : lines));
}
