/** Mail, by SMTP. Each ticket is one conversation; what a mail program shows of it is plain text. */
import { messageOf } from '../../ground/errors.ts';
import { OutboundError } from '../../outbound/error.ts';
import { defineChannel } from '../channel.ts';
import { composeMail, limits } from '../mail/compose.ts';
import { emailConfig, type EmailConfig } from '../mail/config.ts';
import { notSentOf } from '../mail/failure.ts';
import { MailFailure, sendMail, type RefusedRecipient } from '../mail/send.ts';
import { safeLine } from '../words/safe.ts';
import { linesOf, wordsOf } from '../words/words.ts';

export const email = defineChannel<EmailConfig>({
  kind: 'email',
  title: 'mail by SMTP: one conversation per ticket',
  config: emailConfig,
  edits: () => false,

  async deliver(message, { config, resolve, signal, before, reached }) {
    const mail = await composeMail(message, config, before);
    const { reference } = mail;
    const to = mail.to.filter((address) => !reached.includes(address));
    if (to.length === 0) return { sent: true, reference };
    try {
      const addresses = await resolve(config.host, config.port);
      const refused = await sendMail({ ...mail, to }, config, { addresses, signal });
      if (refused.some(({ isTemporary }) => isTemporary)) {
        const recipients = mail.to.filter(
          (each) => !refused.some((other) => other.address === each),
        );
        return { sent: false, why: refusedInWords(refused), partly: { reference, recipients } };
      }
      return {
        sent: true,
        reference,
        ...(refused.length > 0 && { note: refusedInWords(refused) }),
      };
    } catch (error) {
      if (error instanceof MailFailure) return notSentOf(error, config);
      if (error instanceof OutboundError)
        return { sent: false, why: safeLine(messageOf(error).slice(0, 300)) };
      throw error;
    }
  },

  preview(message, { from, to }) {
    const words = wordsOf(message, limits);
    return [
      `From: Roundsman <${from}>`,
      `To: ${to.join(', ')}`,
      `Subject: ${words.subject}`,
      '',
      ...linesOf(words),
    ].join('\n');
  },
});

const refusedInWords = (refused: RefusedRecipient[]): string =>
  `the mail server refused ${refused
    .slice(0, 10)
    .map(({ address, answer }) => `${safeLine(address)} (${safeLine(answer.slice(0, 200))})`)
    .join(
      ', ',
    )}${refused.length > 10 ? ` and ${refused.length - 10} more` : ''}; the others have it`;
