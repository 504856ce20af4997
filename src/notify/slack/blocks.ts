/**
 * A message as blocks of Slack. All text is `plain_text`, in which Slack reads no markup, no mention, no link and, as
 * `emoji` is false, no emoji: what a finding says stays what it says.
 */
import type { KnownBlock } from '@slack/web-api';
import type { Message, TicketMessage } from '../message.ts';
import { historyWords } from '../words/ticket.ts';
import { linesOf, wordsOf, type Limits, type Words } from '../words/words.ts';

/** Slack's documented limits. */
const [maxHeader, maxSection] = [150, 3_000];

/**
 * Slack refuses blocks of about 13,200 characters in all. It documents neither this limit nor what it counts, so this limits the
 * bytes of their JSON, which are at least as many.
 */
const maxBytes = 12_000;

const limits: Limits = { subject: maxHeader, line: 300, body: 2_900, events: 10, tickets: 8 };

/** Tried one after the other while there are too many bytes (letters beyond ASCII take several); any text fits the last. */
const shorterLimits: Limits[] = [
  { ...limits, body: 1_500, events: 8 },
  { ...limits, line: 150, body: 600, events: 5 },
  { ...limits, line: 60, body: 300, events: 3 },
];

/** What is sent to Slack, whichever way. */
export interface SlackText {
  /** what notifications show, and what is sent if Slack refuses the blocks; `<`, `>` and `&` are escaped */
  text: string;
  blocks: KnownBlock[];
}

const plain = (text: string) => ({ type: 'plain_text', text, emoji: false }) as const;

/** The lines as sections, each within Slack's limit. */
function sections(lines: string[]): KnownBlock[] {
  const texts: string[] = [];
  for (const line of lines) {
    const last = texts.at(-1);
    if (last !== undefined && last.length + 1 + line.length <= maxSection)
      texts[texts.length - 1] = `${last}\n${line}`;
    else texts.push(line);
  }
  return texts
    .filter((text) => text.trim() !== '')
    .map((text) => ({ type: 'section', text: plain(text) }));
}

/** In text outside of blocks Slack gives `<…>` a meaning; as entities the three characters mean only themselves. */
const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** The limits of the text for notifications, and of a message whose blocks Slack refused. */
const brief: Limits = { subject: 150, line: 200, body: 1_000, events: 5, tickets: 5 };

const blocksOf = (words: Words, showsHistory: boolean): SlackText['blocks'] => [
  { type: 'header', text: plain(words.subject) },
  ...sections([
    words.standing,
    ...(words.repeat === null ? [] : [words.repeat]),
    ...words.facts.map(({ label, value }) => `${label}: ${value}`),
  ]),
  ...sections(words.body),
  ...(showsHistory && words.history.length > 0
    ? sections(['What happened', ...words.history])
    : []),
  ...sections([...(words.cut === null ? [] : [words.cut]), ...words.commands]),
];

/** The message without its history if the thread has that. */
const withoutHistory = (message: Message, hasThread: boolean): Message =>
  hasThread && message.kind === 'ticket' ? { ...message, events: [] } : message;

/** The message itself; if it has a thread, the history is left to the thread. */
export function messageBlocks(given: Message, hasThread: boolean): SlackText {
  const message = withoutHistory(given, hasThread);
  const text = escaped(linesOf(wordsOf(message, brief)).join('\n'));
  let blocks: SlackText['blocks'] = [];
  for (const each of [limits, ...shorterLimits]) {
    blocks = blocksOf(wordsOf(message, each), !hasThread);
    if (Buffer.byteLength(JSON.stringify(blocks)) <= maxBytes) break;
  }
  return { text, blocks };
}

/** What happened, for the thread of a ticket's message; null if nothing did. */
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
