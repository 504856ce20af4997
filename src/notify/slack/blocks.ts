/**
 * A message as blocks of Slack. All text is `plain_text`, in which Slack reads no markup, no mention, no link and, as
 * `emoji` is false, no emoji: what a finding says stays what it says.
 */
import type { KnownBlock } from '@slack/web-api';
import type { Message, TicketMessage } from '../message.ts';
import { historyWords } from '../words/ticket.ts';
import { linesOf, wordsOf, type Limits, type Words } from '../words/words.ts';

/** Slack's documented limits. */
const [mostHeader, mostSection] = [150, 3_000];

/**
 * Slack refuses blocks of about 13,200 characters in all, which it does not document, nor what it counts: so this counts
 * the bytes of their JSON, of which there are at least as many.
 */
const mostBytes = 12_000;

const limits: Limits = { subject: mostHeader, line: 300, body: 2_900, events: 10, tickets: 8 };

/** Where the bytes are too many, as letters beyond ASCII take several, less is shown; the last has room for any text. */
const shorter: Limits[] = [
  { ...limits, body: 1_500, events: 8 },
  { ...limits, line: 150, body: 600, events: 5 },
  { ...limits, line: 60, body: 300, events: 3 },
];

/** What is sent to Slack, whichever way. */
export interface SlackText {
  /** what notifications show, and what is sent where Slack refuses the blocks; `<`, `>` and `&` are escaped */
  text: string;
  blocks: KnownBlock[];
}

const plain = (text: string) => ({ type: 'plain_text', text, emoji: false }) as const;

/** One or more, each within the limit of a section. */
function sections(lines: string[]): KnownBlock[] {
  const texts: string[] = [];
  for (const line of lines) {
    const last = texts.at(-1);
    if (last !== undefined && last.length + 1 + line.length <= mostSection)
      texts[texts.length - 1] = `${last}\n${line}`;
    else texts.push(line);
  }
  return texts
    .filter((text) => text.trim() !== '')
    .map((text) => ({ type: 'section', text: plain(text) }));
}

/** In text that is not a block Slack reads `<…>`: as entities the three signs stand for themselves. */
const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** For notifications, and for a message whose blocks Slack refused. */
const brief: Limits = { subject: 150, line: 200, body: 1_000, events: 5, tickets: 5 };

const withParts = (words: Words, isWhole: boolean): SlackText['blocks'] => [
  { type: 'header', text: plain(words.subject) },
  ...sections([
    words.standing,
    ...(words.repeat === null ? [] : [words.repeat]),
    ...words.facts.map(({ label, value }) => `${label}: ${value}`),
  ]),
  ...sections(words.body),
  ...(isWhole && words.history.length > 0 ? sections(['What happened', ...words.history]) : []),
  ...sections([...(words.cut === null ? [] : [words.cut]), ...words.commands]),
];

/** Without its history where the thread has it. */
const alone = (message: Message, hasThread: boolean): Message =>
  hasThread && message.kind === 'ticket' ? { ...message, events: [] } : message;

/** The message itself; where it has a thread, its history is left to that. */
export function messageBlocks(given: Message, hasThread: boolean): SlackText {
  const message = alone(given, hasThread);
  const text = escaped(linesOf(wordsOf(message, brief)).join('\n'));
  let blocks: SlackText['blocks'] = [];
  for (const each of [limits, ...shorter]) {
    blocks = withParts(wordsOf(message, each), !hasThread);
    if (Buffer.byteLength(JSON.stringify(blocks)) <= mostBytes) break;
  }
  return { text, blocks };
}

/** What happened, for the thread of a ticket's message; null where nothing did. */
export function historyBlocks(message: TicketMessage): SlackText | null {
  const { history, repeat, cut } = historyWords(message, { ...limits, events: 20 });
  if (history.length === 0) return null;
  const lines = [repeat, ...history, cut].filter((line) => line !== null);
  return { text: escaped(lines.join('\n')), blocks: sections(lines) };
}

/** The shortest form: Slack refused the longer ones. */
export function shortest(message: Message): string {
  const { subject, commands } = wordsOf(message, { ...brief, subject: 80 });
  return escaped([subject, ...commands].join('\n'));
}
