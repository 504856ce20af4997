/** What a failure in SMTP means for a delivery. */
import { openRedaction } from '../../ground/secrets/redact.ts';
import { withoutPlace } from '../../outbound/fault-words.ts';
import type { NotSent } from '../channel.ts';
import { safeLine } from '../words/safe.ts';
import type { EmailConfig } from './config.ts';
import type { MailFailure } from './send.ts';

export function notSentOf(failure: MailFailure, config: EmailConfig): NotSent {
  const { why, final, mayHaveArrived } = meaningOf(failure, config);
  const { password } = config;
  // The answer of a server may repeat what it was told. Before it is cut: the beginning of a password is not recognised.
  const redaction = openRedaction(password === undefined ? [] : [{ value: password }]);
  const shown = safeLine(redaction.text(why.slice(0, 10_000)).slice(0, 600));
  return {
    sent: false,
    why: shown,
    ...(final && { final }),
    ...(mayHaveArrived && { mayHaveArrived }),
  };
}

type Meaning = Pick<NotSent, 'why' | 'final' | 'mayHaveArrived'>;

const isPermanent = (code: number | undefined): boolean =>
  code !== undefined && code >= 500 && code < 600 && code !== 503;

/** Answers that ask for a user and a password, whichever command they answer. */
const asksForLogin = new Set([530, 534, 535, 538]);

function meaningOf({ cause, wasSent }: MailFailure, config: EmailConfig): Meaning {
  const { code, command, responseCode: status, rejectedErrors = [] } = cause;
  const server = `${config.host}:${config.port}`;
  const said = cause.response
    ? `it said ${cause.response}`
    : withoutPlace(cause.message, config.host, config.port);

  // Repeated logins with a refused password may lock the account, so a permanent refusal switches the channel off.
  if (code === 'EAUTH' || (status !== undefined && asksForLogin.has(status)))
    return {
      why: `the mail server ${server} refused the login: ${said}. See \`user\` and \`password\``,
      ...(isPermanent(status) && { final: 'channel' }),
    };
  const tls = tlsMeaning(cause, config, server);
  if (tls !== null) return { why: tls };

  if (command === 'RCPT TO' && rejectedErrors.length > 0) {
    const all = rejectedErrors.map(({ recipient, response }) => `${recipient} (${response})`);
    return {
      why: `the mail server ${server} refused all recipients: ${all.slice(0, 3).join(', ')}. See \`to\``,
      ...(rejectedErrors.every((each) => isPermanent(each.responseCode)) && { final: 'message' }),
    };
  }
  if ((command === 'EHLO' || command === 'HELO') && isPermanent(status))
    return {
      why: `the mail server ${server} refused how this machine names itself: ${said}. See \`helo\``,
    };
  if (command === 'MAIL FROM')
    return {
      why: `the mail server ${server} refused the sender ${config.from}: ${said}. See \`from\``,
      // 552: this mail is too large; others may pass.
      ...(isPermanent(status) && { final: status === 552 ? 'message' : 'channel' }),
    };
  if (status !== undefined)
    return {
      why: `the mail server ${server} did not take it: ${said}`,
      ...(command === 'DATA' && isPermanent(status) && { final: 'message' }),
    };
  const unknown = wasSent
    ? '; it is not known whether the server took it, so a repeat may come'
    : '';
  return {
    why: `the mail server ${server}: ${said}${unknown}`,
    ...(wasSent && { mayHaveArrived: true }),
  };
}

const certificateFault =
  /CERT|SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|CRL/;

/** Why there is no encrypted connection, with the setting to look at; null for other failures. */
function tlsMeaning(
  { code, originalCode, command, message }: MailFailure['cause'],
  { security }: EmailConfig,
  server: string,
): string | null {
  const first = originalCode ?? code ?? '';
  if (certificateFault.test(first))
    return `the certificate of ${server} is not trusted (${first}: ${message}). See \`host\`; NODE_EXTRA_CA_CERTS names an authority of your own`;
  if (command === 'STARTTLS')
    return `${server} does not begin to encrypt (${message}). See \`security\`: 'starttls' is mostly for port 587, 'tls' for port 465`;
  if (/^ERR_SSL|^EPROTO$|^ETLS$/.test(first))
    return `no encrypted connection to ${server} (${message}). See \`security\`, which is '${security}': 'tls' is mostly for port 465, 'starttls' for port 587`;
  return null;
}
