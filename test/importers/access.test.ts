/** Lines of access logs that servers and proxies write, and the requests as which they are read. */
import { describe, expect, test } from 'vitest';
import { accessLogs } from '../../src/importers/access/formats.ts';
import { chooseFormat } from '../../src/importers/choose.ts';
import type { TimeUnit } from '../../src/importers/reading/log-format.ts';
import { zoneOf } from '../../src/importers/reading/zone.ts';

const now = Date.parse('2026-03-11T00:00:00Z');

/** Chooses the format of a line and reads it. */
function read(lines: string, { timeUnit, zone }: { timeUnit?: TimeUnit; zone?: string } = {}) {
  const sample = lines.split('\n');
  const reading = {
    now,
    timeUnit,
    untimed: false,
    zone: zoneOf(zone ?? 'UTC')!,
    isZoneGiven: zone !== undefined,
  };
  const format = chooseFormat(accessLogs, reading, sample)!;
  const reader = format.reader(reading, sample);
  return { format: format.name, parsed: sample.map((line) => reader(line)).at(-1) };
}

const when = '[17/May/2015:10:05:03 +0000]';
const rest = `- - ${when} "GET /a HTTP/1.1" 200 512`;
const agent = `"-" "An agent/1.0"`;

describe('the client', () => {
  test.each<[string, string | null]>([
    ['192.0.2.1', '192.0.2.1'],
    ['192.0.2.1:51200', '192.0.2.1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['[2001:db8::1]:443', '2001:db8::1'],
    ['[fe80::1%eth0]:443', 'fe80::1'],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.1'],
    ['www.example.com:443 192.0.2.1', '192.0.2.1'],
    ['www.example.com 192.0.2.1', '192.0.2.1'],
    ['*:80 2001:db8::1', '2001:db8::1'],
    ['[2001:db8::9]:80 192.0.2.1', '2001:db8::9'],
    ['203.0.113.7, 10.0.0.1', '203.0.113.7'],
    ['203.0.113.7,10.0.0.1', '203.0.113.7'],
    ['"203.0.113.7, 10.0.0.1"', '203.0.113.7'],
    ['unknown, 203.0.113.7', '203.0.113.7'],
    ['[2001:db8::1]:443, 10.0.0.1', '2001:db8::1'],
    ['www.example.com 203.0.113.7, 10.0.0.1', '203.0.113.7'],
    ['crawler.example.com', null],
    ['crawler.example.com:4000', null],
    ['-', null],
    ['unix:', null],
  ])('%s is read', (client, ip) => {
    const { format, parsed } = read(`${client} ${rest} ${agent}`);
    expect(format).toBe('combined');
    expect(parsed).toMatchObject({ row: { ip_address: ip, endpoint: '/a', status_code: 200 } });
  });

  test.each(['999.0.2.1', '999.0.2.1:80', '1.2.3', '<script>', '192.0.2.1;x', '"a"b'])(
    '%s is not an address',
    (client) => {
      expect(read(`${client} ${rest}`).parsed).toEqual({
        why: expect.stringContaining('not an address'),
      });
    },
  );

  test('is not the user, whose name a client chooses', () => {
    const line = `crawler.example.com - 203.0.113.7 ${when} "GET /a HTTP/1.1" 200 512`;
    expect(read(line).parsed).toMatchObject({ row: { ip_address: null } });
  });
});

describe('a request that the server could not read', () => {
  test.each<[string, string, string]>([
    ['"-" 408 0', '-', '-'],
    ['"-" 400 0 "-" "-"', '-', '-'],
    ['"" 400 0', '-', '-'],
    ['"\\x16\\x03\\x01" 400 150 "-" "-"', '-', '\u0016\u0003\u0001'],
    ['"GET  HTTP/1.1" 400 0', '-', 'GET  HTTP/1.1'],
    ['"ELEVENCHARS / HTTP/1.1" 501 0', '-', 'ELEVENCHARS / HTTP/1.1'],
    ['"quit" 400 0', '-', 'quit'],
  ])('%s is a row', (text, method, endpoint) => {
    expect(read(`192.0.2.1 - - ${when} ${text}`).parsed).toMatchObject({
      row: { method, endpoint, ip_address: '192.0.2.1' },
    });
  });

  test.each([
    ['000', 0],
    ['-', 0],
    ['499', 499],
    ['600', 600],
    ['999', 999],
  ])('has the status %s', (text, status) => {
    expect(read(`192.0.2.1 - - ${when} "GET /a HTTP/1.1" ${text} 0`).parsed).toMatchObject({
      row: { status_code: status },
    });
  });
});

describe('the target of a request', () => {
  test.each<[string, string, string]>([
    ['GET http://ex.com/absol HTTP/1.1', 'GET', '/absol'],
    ['GET https://ex.com:8443/a?b=http://c.com/d HTTP/1.1', 'GET', '/a?b=http://c.com/d'],
    ['GET HTTP://[2001:db8::1] HTTP/1.1', 'GET', '/'],
    ['GET http://ex.com?a=b HTTP/1.1', 'GET', '/?a=b'],
    ['GET  /x  HTTP/1.1', 'GET', '/x'],
    ['GET  /x ', 'GET', '/x'],
    ['GET /a b HTTP/1.1', 'GET', '/a b'],
    ['GET   HTTP/1.1', '-', 'GET   HTTP/1.1'],
    ['OPTIONS * HTTP/1.1', 'OPTIONS', '*'],
    ['CONNECT ex.com:443 HTTP/1.1', 'CONNECT', 'ex.com:443'],
    ['GET favicon.ico HTTP/1.1', 'GET', 'favicon.ico'],
    ['GET /http://ex.com/a HTTP/1.1', 'GET', '/http://ex.com/a'],
  ])('of "%s" is a path', (request, method, endpoint) => {
    expect(read(`192.0.2.1 - - ${when} "${request}" 200 512`).parsed).toMatchObject({
      row: { method, endpoint },
    });
  });

  test.each([
    ['GET http://ex.com/absol HTTP/1.1', '/absol'],
    ['GET  http://ex.com:80/x  HTTP/1.1', '/x'],
  ])('of "%s" is the same path in the log of a balancer', (request, endpoint) => {
    const line = `https 2026-03-10T12:00:00.123456Z app/web/50dc 192.0.2.1:2817 10.0.0.1:80 0.001 0.010 0.001 200 200 0 57 "${request}" "An agent/1.0" - -`;
    expect(read(line).parsed).toMatchObject({ row: { endpoint } });
  });
});

describe('lines of JSON', () => {
  const all = (text: string[]) => {
    const reading = { now, untimed: false, zone: zoneOf('UTC')!, isZoneGiven: false };
    const format = chooseFormat(accessLogs, reading, text)!;
    const reader = format.reader(reading, text);
    return [...text.map((line) => reader(line)), reader.end?.() ?? []].flat();
  };
  const at = (ms: number) => `"level":30,"time":${1773144000000 + ms},"pid":7,"hostname":"web1"`;
  const asked = (id: string | number, url: string, ms: number) =>
    `{${at(ms)},"reqId":${JSON.stringify(id)},"req":{"method":"GET","url":"${url}","host":"h:1","remoteAddress":"192.0.2.1","remotePort":9},"msg":"incoming request"}`;
  const answered = (id: string | number, status: number, ms: number) =>
    `{${at(ms)},"reqId":${JSON.stringify(id)},"res":{"statusCode":${status}},"responseTime":2.4,"msg":"request completed"}`;
  const row = (endpoint: string, status_code: number, ms: number) => ({
    row: {
      endpoint,
      method: 'GET',
      status_code,
      response_time_ms: 2,
      ip_address: '192.0.2.1',
      created_at: 1773144000000 + ms,
    },
  });

  test('of a request and of its answer are one row, also if several requests overlap', () => {
    const read = all([
      asked('req-1', '/a', 0),
      asked('req-2', '/b', 1),
      answered('req-2', 500, 2),
      answered('req-1', 200, 3),
    ]);
    expect(read).toMatchObject(['part', 'part', row('/b', 500, 2), row('/a', 200, 3)]);
  });

  test('with an id that is used again, or by another process, belong to their own request', () => {
    const other = (line: string) => line.replace('"pid":7', '"pid":8');
    const read = all([
      asked(1, '/a', 0),
      other(asked(1, '/b', 1)),
      other(answered(1, 404, 2)),
      asked(1, '/c', 3),
      answered(1, 200, 4),
    ]);
    expect(read).toMatchObject([
      'part',
      'part',
      row('/b', 404, 2),
      { why: expect.stringMatching(/GET \/a.*no answer/) },
      'part',
      row('/c', 200, 4),
    ]);
  });

  test('with the error of a request belong to that request', () => {
    const failed = `{${at(1)},"reqId":"r","req":{"method":"GET","url":"/a"},"res":{"statusCode":500},"err":{"type":"Error"},"msg":"x"}`;
    const read = all([asked('r', '/a', 0), failed, answered('r', 500, 2)]);
    expect(read).toMatchObject(['part', 'part', row('/a', 500, 2)]);
    expect(all([asked('r', '/a', 0), failed])).toMatchObject([
      'part',
      'part',
      { row: { endpoint: '/a', status_code: 500 } },
    ]);
    expect(all([failed])).toMatchObject([{ row: { endpoint: '/a', status_code: 500 } }]);
  });

  test('of a request that is never answered are no row', () => {
    expect(all([asked('r', '/a', 0), answered('q', 200, 1)])).toMatchObject([
      'part',
      { why: expect.stringContaining('no path') },
      { why: expect.stringMatching(/GET \/a.*no answer/) },
    ]);
    const many = Array.from({ length: 3_000 }, (_, n) => asked(n, `/${n}`, n));
    const read = all(many);
    expect(read.filter((each) => each === 'part')).toHaveLength(3_000);
    expect(read.filter((each) => typeof each === 'object' && 'why' in each)).toHaveLength(3_000);
  });

  test.each([
    '{"request_method":"GET","request_uri":"/x"}',
    '{"time":1773144000123,"method":"GET","url":"/x","status":null}',
    '{"time":1773144000123,"method":"GET","url":"/x","status":""}',
    '{"ts":1773144000.1,"msg":"handled request","request":{"method":"GET","uri":"/x"}}',
    '{"deploymentId":"d","timestampInMs":1773144000123,"requestPath":"/x","requestMethod":"GET"}',
    '#Fields: date time cs-method cs-uri-stem\n2026-03-10 12:00:00 GET /x',
  ])('without a status are no request: %s', (line) => {
    const reading = { now, untimed: true, zone: zoneOf('UTC')!, isZoneGiven: false };
    for (const { reader } of accessLogs.formats)
      expect(
        line
          .split('\n')
          .map(reader(reading, [line]))
          .slice(-1),
      ).toEqual([{ why: expect.any(String) }]);
  });
});

describe('the time', () => {
  const line = (stamp: string) => `192.0.2.1 - - ${stamp} "GET /a HTTP/1.1" 200 512`;

  test.each<[string, string]>([
    ['[2015-05-17T10:05:03+00:00]', '2015-05-17T10:05:03Z'],
    ['[2015-05-17T10:05:03.123Z]', '2015-05-17T10:05:03.123Z'],
    ['2015-05-17T12:05:03+02:00', '2015-05-17T10:05:03Z'],
    ['[2015-05-17 10:05:03 UTC]', '2015-05-17T10:05:03Z'],
    ['[17/May/2015:10:05:03.250 +0000]', '2015-05-17T10:05:03.250Z'],
    ['[1431857103.123]', '2015-05-17T10:05:03.123Z'],
    ['[1431857103123]', '2015-05-17T10:05:03.123Z'],
    ['[17/May/2015 10:05:03]', '2015-05-17T10:05:03Z'],
    ['[30/Jun/2015:23:59:60 +0000]', '2015-07-01T00:00:00Z'],
  ])('%s is read', (stamp, iso) => {
    expect(read(line(stamp)).parsed).toMatchObject({ row: { created_at: Date.parse(iso) } });
  });

  test('without a zone is in the given zone', () => {
    expect(read(line('[17/May/2015 10:05:03]'), { zone: 'Europe/Berlin' }).parsed).toMatchObject({
      row: { created_at: Date.parse('2015-05-17T08:05:03Z') },
    });
  });
});

describe('what comes after the size', () => {
  test.each<[string, number | null]>([
    ['', null],
    [' "https://example.com/"', null],
    [' "https://example.com/" 12', null],
    [` ${agent}`, null],
    [` ${agent} 3ms`, 3],
    [` ${agent} 1234us`, 1],
    [` ${agent} rt=0.012`, 12],
    [` ${agent} "203.0.113.7" rt=0.012 uct="0.000" uht="0.011" urt="0.011"`, 12],
    [` ${agent} request_time="0.250"`, 250],
    [` ${agent} D=1500`, 2],
    [` ${agent} rt=12`, null],
    [` ${agent} rt=-`, null],
    [' "-" "-" 42 "web@docker" "http://10.0.0.2:80" 3ms', 3],
    [' "-" "an agent rt=9.000"', null],
    [' "-" "an agent rt=9.000" rt=0.001', 1],
    [' "-" "say \\"hi\\" 7ms" 5ms', 5],
    [' 0.012s', 12],
  ])('%s is read', (end, ms) => {
    expect(read(`192.0.2.1 ${rest}${end}`).parsed).toMatchObject({ row: { response_time_ms: ms } });
  });

  test.each<[string, TimeUnit, number]>([
    [` ${agent} 0.012`, 's', 12],
    [` ${agent} rt=12`, 'ms', 12],
    [' 12', 'ms', 12],
    [` ${agent} 3ms`, 's', 3],
  ])('%s is in %s', (end, timeUnit, ms) => {
    expect(read(`192.0.2.1 ${rest}${end}`, { timeUnit }).parsed).toMatchObject({
      row: { response_time_ms: ms },
    });
  });
});

describe('other formats', () => {
  test.each<[string, string, object]>([
    [
      'caddy',
      '{"level":"info","ts":"2026/03/10 12:00:00.123","logger":"http.log.access.log0","request":{"remote_addr":"[2001:db8::1]:443","method":"PUT","uri":"/a?b=c"},"duration":"3.4ms","status":0}',
      {
        endpoint: '/a?b=c',
        method: 'PUT',
        status_code: 0,
        response_time_ms: 3,
        ip_address: '2001:db8::1',
        created_at: Date.parse('2026-03-10T12:00:00.123Z'),
      },
    ],
    [
      'vercel',
      '{"TimeUTC":"2026-03-10 12:00:00","timestampInMs":"1773144000123","requestPath":"web.example.com/a","requestMethod":"GET","responseStatusCode":"504","durationMs":250,"deploymentId":"d"}',
      { endpoint: '/a', status_code: 504, response_time_ms: 250, created_at: 1773144000123 },
    ],
    [
      'json',
      '{"severity":"INFO","timestamp":"2026-03-10T12:00:00.5Z","httpRequest":{"requestMethod":"POST","requestUrl":"https://example.com/a?b","status":503,"remoteIp":"192.0.2.1","latency":"0.25s"}}',
      {
        endpoint: '/a?b',
        method: 'POST',
        status_code: 503,
        response_time_ms: 250,
        ip_address: '192.0.2.1',
      },
    ],
    [
      'w3c',
      '#Software: Microsoft Internet Information Services 10.0\n#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken\n2026-03-10 12:00:00 10.0.0.1 GET /a b=c 443 - 192.0.2.1 An+agent - 404 0 2 31',
      {
        endpoint: '/a?b=c',
        status_code: 404,
        response_time_ms: 31,
        ip_address: '192.0.2.1',
        created_at: Date.parse('2026-03-10T12:00:00Z'),
      },
    ],
    [
      'w3c',
      '2026-03-10\t12:00:00\tFRA2\t0\t2001:db8::1\tGET\td1.cloudfront.net\t/a\t000\t-\t-\t-\t-\tError\tx\texample.com\thttps\t23\t0.250\t-',
      { endpoint: '/a', status_code: 0, response_time_ms: 250, ip_address: '2001:db8::1' },
    ],
    [
      'alb',
      'h2 2026-03-10T12:00:00.123456Z app/web/1 [2001:db8::1]:2817 - -1 -1 -1 460 - 0 0 "GET https://example.com:443/a?b=c HTTP/2.0" "-" - -',
      {
        endpoint: '/a?b=c',
        status_code: 460,
        response_time_ms: null,
        ip_address: '2001:db8::1',
        created_at: Date.parse('2026-03-10T12:00:00.123Z'),
      },
    ],
  ])('%s is chosen and read: %s', (name, lines, row) => {
    expect(read(lines)).toMatchObject({ format: name, parsed: { row } });
  });
});
