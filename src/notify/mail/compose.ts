/** A message as a mail: plain text (a report also as a page), and a conversation of its own for each ticket. */
import type { Message } from '../message.ts';
import { safeLine } from '../words/safe.ts';
import { nameOf } from '../words/ticket.ts';
import { asHtml } from '../../report/html.ts';
import { asText } from '../../report/text.ts';
import { safeReport } from '../words/report.ts';
import { linesOf, wordsOf, type Limits, type Words } from '../words/words.ts';
import { asciiAddress, type EmailConfig } from './config.ts';

export const limits: Limits = { subject: 150, line: 500, body: 20_000, events: 50, tickets: 50 };

export interface Mail {
  /**
   * Its Message-ID and its subject. Mail programs keep a conversation together by References and by the subject, and a
   * ticket's title may change: so the subject of the first mail is remembered with it.
   */
  reference: string;
  from: string;
  to: string[];
  /** all of it, as SMTP takes it */
  raw: Buffer;
}

/** `before` has the references of the ticket's first and newest mail. */
export async function composeMail(
  message: Message,
  config: Pick<EmailConfig, 'from' | 'to'>,
  before: { first: string; last: string } | null,
): Promise<Mail> {
  const from = asciiAddress(config.from)!;
  const to = config.to.map((each) => asciiAddress(each)!);
  const words = wordsOf(message, limits);
  const subject = withoutEncodedWords(subjectOf(message, words.subject, before));
  const messageId = `<${message.id.replaceAll(/[^A-Za-z0-9-]/g, '-').slice(0, 100)}@${from.slice(from.lastIndexOf('@') + 1)}>`;
  const references = [
    ...new Set([before?.first, before?.last].flatMap((each) => messageIdIn(each ?? '') ?? [])),
  ].filter((each) => each !== messageId);

  const { default: MailComposer } = await import('nodemailer/lib/mail-composer');
  const mail = new MailComposer({
    from: { name: 'Roundsman', address: from },
    to,
    subject,
    messageId,
    ...(references.length > 0 && { inReplyTo: references.at(-1)!, references }),
    ...bodyOf(message, words),
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return { reference: `${messageId} ${subject}`, from, to, raw: await mail.compile().build() };
}

/** Plain text; a morning report also as a page, which has no links, no scripts and nothing to load. */
function bodyOf(message: Message, words: Words): { text: string; html?: string } {
  if (message.kind !== 'report') return { text: linesOf(words).join('\n') };
  const { report, notes } = safeReport(message);
  return { text: asText(report, notes), html: asHtml(report, notes) };
}

/**
 * A reader decodes `=?utf-8?q?=0D=0ABcc:?=` in a header, and nodemailer leaves a subject of ASCII as it is: such a title
 * would be shown as more than one line.
 */
const withoutEncodedWords = (subject: string): string => subject.replaceAll('=?', '= ?');

const messageIdIn = (reference: string): string | null =>
  /^<[\w.-]+@[\w.-]+>/.exec(reference)?.[0] ?? null;

/** The mails of a ticket all have the subject of its first one, so that they stay one conversation. */
function subjectOf(message: Message, subject: string, before: { first: string } | null): string {
  // Mail programs join mails with the same subject: without a name today's outage would be a reply to last week's.
  if (message.kind === 'group' && message.tickets[0])
    return `${subject}, first ${nameOf(message.tickets[0])}`;
  if (message.kind !== 'ticket' || before === null) return subject;
  const first = safeLine(before.first.replace(/^<[^<>]*>/, '').slice(0, limits.subject + 1));
  return first.startsWith(`T-${message.ticket.number}:`) ? first : subject;
}
