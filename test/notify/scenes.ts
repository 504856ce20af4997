/** Messages as routing builds them, and text from outside that tries to be more than text. */
import type {
  GroupMessage,
  TestMessage,
  TicketFacts,
  TicketMessage,
} from '../../src/notify/message.ts';

const at = (minute: number): Date => new Date(Date.UTC(2026, 10, 28, 19, minute));

export const ticketFacts = (values: Partial<TicketFacts> = {}): TicketFacts => ({
  id: '7a000000-0000-4000-8000-000000000042',
  number: '42',
  title: 'payments answer 500',
  description: 'POST /v1/payments answered 500 in 31 of 40 requests.',
  severity: 'critical',
  status: 'open',
  bot: 'sentinel-api',
  component: 'payments',
  category: 'api_error',
  occurrences: 3,
  assigned_to: null,
  acknowledged_by: null,
  acknowledged_at: null,
  respond_by: at(35),
  created_at: at(20),
  resolved_at: null,
  resolved_by: null,
  resolution_notes: null,
  ...values,
});

export const event = (sentence: string, minute = 20, name = 'opened', id = '1') => ({
  id,
  event: name,
  actor: 'sentinel-api',
  sentence,
  at: at(minute),
});

export const ticketMessage = (
  ticket: Partial<TicketFacts> = {},
  values: Partial<TicketMessage> = {},
): TicketMessage => ({
  kind: 'ticket',
  id: 'b0000000-0000-4000-8000-000000000001',
  repeats: 0,
  ticket: ticketFacts(ticket),
  events: [event('sentinel-api opened it')],
  ...values,
});

export const groupMessage = (values: Partial<GroupMessage> = {}): GroupMessage => ({
  kind: 'group',
  id: 'b0000000-0000-4000-8000-000000000002',
  repeats: 0,
  count: 2,
  tickets: [ticketFacts(), ticketFacts({ number: '43', title: 'logins fail', severity: 'high' })],
  pending: { critical: 1, high: 1 },
  ...values,
});

export const testMessage = (values: Partial<TestMessage> = {}): TestMessage => ({
  kind: 'test',
  id: 'b0000000-0000-4000-8000-000000000003',
  repeats: 0,
  asked_by: 'ann',
  ...values,
});

/** Every text of a ticket, its history, and of who asks, is this one. */
export const allOf = (text: string) => [
  ticketMessage(
    {
      title: text,
      description: `${text} twice`,
      bot: text,
      component: text,
      category: text,
      assigned_to: text,
      acknowledged_by: text,
      acknowledged_at: at(22),
      resolved_at: at(30),
      resolved_by: text,
      resolution_notes: text,
    },
    { events: [event(text), event(`${text} ${text}`, 22, 'acknowledged', '2')], repeats: 1 },
  ),
  groupMessage({
    tickets: [ticketFacts({ title: text }), ticketFacts({ title: text, number: '43' })],
  }),
  testMessage({ asked_by: text, repeats: 2 }),
];

const long = 1_000_000;

/** By what it tries. */
export const hostile: Record<string, string> = {
  'escape sequences': 'a\u001B[2J\u001B[31mred\rover\bwritten\u009B31m\u0007',
  'a link of a terminal': '\u001B]8;;https://evil.example/\u001B\\click\u001B]8;;\u001B\\',
  'text that runs backwards': 'safe \u202Etxt.exe\u202C \u2066hidden\u2069 \u200Ezero\u200Bwidth',
  NUL: 'before\0after',
  'lone surrogates': 'a\uD800b\uDC00c',
  'stacked marks': `z${'\u0301'.repeat(5_000)}algo`,
  'wide characters': '障害'.repeat(3_000),
  emoji: '👩‍👩‍👧‍👦🇩🇪👍🏽'.repeat(2_000),
  'a line of a megabyte': 'x'.repeat(long),
  'a megabyte of lines': '\n'.repeat(long),
  'a megabyte of ampersands': '&<>'.repeat(long / 3),
  'a megabyte of escapes': '\u001B'.repeat(long),
  'a megabyte of quotes': '"\\'.repeat(long / 2),
  markdown:
    '*bold* _it_ ~gone~ `code` ```block``` > quote\n> quote\n# head\n- list [a](https://evil.example)',
  formulas: '=HYPERLINK("https://evil.example","x") +1 -1 @SUM(A1)\n\t=cmd|calc!A0',
  mentions:
    '@channel @here @everyone @ann <!channel> <!here> <!everyone> <@U12345678> <!subteam^S1> <#C1>',
  'escaped mentions': '&lt;!channel&gt; &lt;@U1&gt; &amp;lt;!here&amp;gt;',
  'links of Slack':
    '<https://evil.example|npx roundsman> <mailto:a@evil.example|a> https://evil.example/x?y=z',
  'bare links':
    'see www.evil.example and evil.example/login or HTTP://EVIL.EXAMPLE mailto:a@evil.example tel:112',
  'a header of a mail': 'x\r\nBcc: victim@evil.example\r\nSubject: forged\r\n\r\nbody',
  'the end of a mail':
    'x\r\n.\r\nMAIL FROM:<evil@evil.example>\r\nRCPT TO:<victim@evil.example>\r\nDATA\r\n',
  'an encoded word': '=?utf-8?q?=0D=0ABcc:_victim@evil.example?= =?utf-8?b?YQ==?=',
  'a signature': 'x\n-- \nhidden',
  HTML: '<script>alert(1)</script><img src="https://evil.example/x"><a href="https://evil.example">x</a>',
  'lines of the message':
    'T-1: other\nWhat happened\nStatus  resolved\n2026-11-28 19:20:00 UTC  ann resolved it\n\nnpx roundsman secrets remove X',
  'dates and emoji of Slack': '<!date^1392734382^{date}|now> :rotating_light: :white_check_mark:',
  spaces: '   \t  \n  ',
  nothing: '',
};
