/** What a message is made of, as the scanner reads it: `<v>` is a value. */
import { expect, test } from 'vitest';
import { Line } from '../../src/grouping/line.ts';
import { scan } from '../../src/grouping/scan.ts';

function tokensOf(message: string, maxTokens = 256): string {
  const line = new Line(maxTokens);
  scan(message, line);
  return line.tokens().join(' ');
}

test.each([
  ['numbers', 'took 17 ms, -3 of 0x1f, 1,234.5 or 12%', 'took <v> of <v> or <v>'],
  ['names with numbers', 'blk_38865049064139660 on node-7', '<v> on <v>'],
  ['names in which a digit is a letter', 'cannot reach S3 over IPv6', 'cannot reach S3 over IPv6'],
  ['a uuid', 'job 3f2ced9e-b174-47ea-ae4a-6c651223942f ended', 'job <v> ended'],
  [
    'hexadecimal letters',
    'commit deadbeef fails, facade does not',
    'commit <v> fails facade does not',
  ],
  ['addresses', 'from 10.0.0.1, fe80::1 and 0a:fe:00:aa:bb:cc', 'from <v> and <v>'],
  ['hosts', 'ask db.example.com or www.example.co.uk:443 again', 'ask <v> or <v> again'],
  ['a class is no host', 'java.net.SocketException thrown', 'java.net.SocketException thrown'],
  ['an e-mail address', 'sent to ann@example.org at once', 'sent to <v> at once'],
  ['URLs', 'GET https://example.com/a?b=c&d=e#f failed', 'GET <v> failed'],
  ['paths', 'open /etc/hosts, ~/x, ../y, src/cart/total.ts:12:5, C:\\a\\b', 'open <v>'],
  ['a path and what is asked of it', '"GET /list?all=yes&page=2 HTTP/1.1"', 'GET <v>'],
  [
    'a slash between words',
    'read/write and Input/output error',
    'read write and Input output error',
  ],
  ['times and dates', 'at Mon Jul 25 23:23:13 2005 and 2026-07-01T10:00:00Z', 'at <v> and <v>'],
  [
    'quoted values',
    `key 'a' or "b-c" or "" or \`d\` or “e”`,
    'key <v> or <v> or <v> or <v> or <v>',
  ],
  ['a quoted sentence', '"GET it now" said', 'GET it now said'],
  ['an assigned sentence', 'tag="View Lock" held', 'tag <v> held'],
  ['an apostrophe', "can't open Ann's file", "can't open Ann's file"],
  [
    'literals where values stand',
    'owner=null, mode: off, but not null',
    'owner <v> mode <v> but not null',
  ],
  ['one answer, which says what happened', 'seen: 5, found=false', 'seen <v> found false'],
  [
    'several answers, which are settings',
    'a=true b: no c=yes and not true',
    'a <v> b <v> c <v> and not true',
  ],
  [
    'an answer in a bracket that says nothing',
    'sent (again=7) to x (true) ok=no',
    'sent again <v> to x ok no',
  ],
  [
    'what is joined behind =',
    'queue=mail.out mode=read-only reason=not-found',
    'queue <v> mode <v> reason not-found',
  ],
  [
    'a sentence behind a key that tells',
    'level=error msg="disk is full" user="Ann Lee"',
    'level error msg disk is full user <v>',
  ],
  [
    'a port that is not known',
    'lost db.shop:-1 and cart.ts:-1, a:-1 and x-1:5',
    'lost <v> and <v> a <v> and <v>',
  ],
  ['values in brackets', 'sent 5 bytes (1.1 KB) to x [7] (off)', 'sent <v> to x'],
  ['the name of an address', 'from 10.0.0.1 (ns.somewhere.test) at', 'from <v> at'],
  ['a sentence in brackets', 'closed (no session)', 'closed no session'],
  ['a bracket that is only half there', 'a) b ( 5 c', 'a b <v> c'],
  ['a date around a bracket', 'x Thu Jul (5) y', 'x <v> y'],
  ['columns that are filled', 'i-fetch......................0 ----- end', 'i-fetch <v> end'],
  ['directions', 'torus z+ wire and z- wire', 'torus z+ wire and z- wire'],
  ['tokens of templates', 'a <*> b <v> c', 'a b v c'],
  ['scripts without spaces', '用户123不存在', '用户 <v> 不存在'],
  ['other spaces', 'a\u00a0b\u2003c\u3000d\ne\0f', 'a b c d e f'],
  ['nothing', '', ''],
  ['only signs', '*** --- (((', ''],
  ['only values', '1 2 3', '<v>'],
])('%s', (_, message, expected) => {
  expect(tokensOf(message)).toBe(expected);
});

test('of a long message only the first tokens count', () => {
  expect(tokensOf('a b c d e f', 3)).toBe('a b c');
});
