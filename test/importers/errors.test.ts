/** Lines of error logs that programs write, and the rows as which they are read. */
import { describe, expect, test } from 'vitest';
import { chooseFormat } from '../../src/importers/choose.ts';
import { errorLogs } from '../../src/importers/errors/formats.ts';
import { zoneOf } from '../../src/importers/reading/zone.ts';

const now = Date.parse('2026-03-11T00:00:00Z');

/** Chooses the format of the lines and reads them. */
function read(lines: string | string[], zone?: string) {
  const sample = [lines].flat();
  const reading = {
    now,
    untimed: false,
    zone: zoneOf(zone ?? 'UTC')!,
    isZoneGiven: zone !== undefined,
  };
  const format = chooseFormat(errorLogs, reading, sample);
  const reader = format?.reader(reading, sample);
  return { format: format?.name, parsed: sample.map((line) => reader?.(line)) };
}
const at = (iso: string) => Date.parse(iso);
const noon = at('2026-03-10T12:00:00Z');

describe('each line is read with its time', () => {
  test.each<[string, string, object]>([
    [
      'nginx',
      '2026/03/10 12:00:00 [error] 31#31: *5 open() "/srv/x" failed (2: No such file or directory), client: 192.0.2.1, server: x, request: "GET /x HTTP/1.1", host: "x"',
      {
        error_type: 'nginx.error',
        ip_address: '192.0.2.1',
        context: '{"pid":"31#31","connection":"5"}',
      },
    ],
    [
      'nginx',
      '2026/03/10 12:00:00 [crit] 31#31: *5 SSL_do_handshake() failed while SSL handshaking, client: 2001:db8::1, server: 0.0.0.0:443',
      { ip_address: '2001:db8::1' },
    ],
    [
      'nginx',
      '2026/03/10 12:00:00 [info] 31#31: *5 client timed out (110: Connection timed out) while waiting for request, client: 192.0.2.1',
      { ip_address: '192.0.2.1' },
    ],
    [
      'nginx',
      '2026/03/10 12:00:00 [error] 1#1: *5 open() "/a, client: 203.0.113.9, server: y" failed, client: 192.0.2.1, server: x, request: "GET /a, client: 203.0.113.9, server: y HTTP/1.1"',
      { ip_address: '192.0.2.1' },
    ],
    [
      'nginx',
      '2026/03/10 12:00:00 [emerg] 1#1: bind() to 0.0.0.0:80 failed',
      { error_type: 'nginx.emerg', ip_address: null },
    ],
    [
      'postgresql',
      '2026-03-10 13:00:00.000 CET [77] ERROR:  relation "x" does not exist at character 15',
      {
        error_type: 'postgresql.error',
        error_message: 'relation "x" does not exist at character 15',
      },
    ],
    [
      'postgresql',
      '2026-03-10 14:00:00 CEST [77]: [2-1] user=ann,db=app,client=192.0.2.1 FATAL:  no',
      { ip_address: '192.0.2.1', context: '{"pid":"77","user":"ann","database":"app"}' },
    ],
    [
      'postgresql',
      '2026-03-10 15:00:00 +03 192.0.2.1(40312) [77] ann@app LOG:  x',
      { ip_address: '192.0.2.1' },
    ],
    [
      'postgresql',
      '2026-03-10 12:00:00.000 UTC [1] STATEMENT:  SELECT 1',
      { error_type: 'postgresql.statement' },
    ],
    [
      'syslog',
      '2026-03-10T13:00:00.000000+01:00 db1 sshd[77]: x',
      { error_type: 'syslog.sshd', context: '{"host":"db1","pid":"77"}' },
    ],
    ['syslog', '<34>2026-03-10T12:00:00Z db1 kernel: x', { error_type: 'syslog.kernel' }],
    ['syslog', '2026-03-10t12:00:00z db1 kernel: x', { error_type: 'syslog.kernel' }],
    ['syslog', 'Tue 2026-03-10 13:00:00 CET db1 sshd[77]: x', { error_message: 'x' }],
    ['syslog', 'Tue 2026-03-10 13:00:00.000000 +01 db1 sshd[77]: x', { error_message: 'x' }],
    ['syslog', '2026-03-10T13:00:00+0100 db1 sshd[77]: x', { error_message: 'x' }],
    ['syslog', '1773144000.000000 db1 sshd[77]: x', { error_message: 'x' }],
    [
      'syslog',
      'Mar 10 12:00:00 LabSZ sshd[24200]: reverse mapping checking getaddrinfo failed',
      { error_type: 'syslog.sshd' },
    ],
    [
      'syslog',
      'Mar 10 12:00:00 calvisitor-10-105-160-95 kernel[0]: AppleThunderboltNHIType2',
      { error_type: 'syslog.kernel' },
    ],
    ['syslog', 'Mar 10 2026 12:00:00 asa1 : %ASA-4-106023: Deny', {}],
    [
      'klog',
      'E0310 12:00:00.000000    1234 reflector.go:147] Failed to watch',
      { error_type: 'klog.error', error_message: 'Failed to watch' },
    ],
    ['klog', 'W20260310 12:00:00.000000  77 a.cc:9] x', { error_type: 'klog.warning' }],
    [
      'php',
      '[10-Mar-2026 13:00:00 Europe/Berlin] PHP Fatal error:  Uncaught Error: x',
      { error_type: 'php.fatal-error' },
    ],
    ['php', '[10-Mar-2026 12:00:00 UTC] PHP Warning:  x', { error_type: 'php.warning' }],
    [
      'php',
      '[10-Mar-2026 12:00:00] WARNING: [pool www] child 5 exited',
      { error_type: 'php.warning' },
    ],
    [
      'ruby',
      'E, [2026-03-10T12:00:00.000000 #77] ERROR -- web: x',
      { error_type: 'ruby.error', error_message: 'x', context: '{"pid":"77","program":"web"}' },
    ],
    [
      'docker',
      '{"log":"boom\\n","stream":"stderr","time":"2026-03-10T12:00:00.000000001Z"}',
      { error_type: 'docker.stderr', error_message: 'boom' },
    ],
    [
      'docker',
      '2026-03-10T13:00:00.000000000+01:00 stdout F boom',
      { error_type: 'docker.stdout', error_message: 'boom' },
    ],
    [
      'json',
      '{"level":50,"time":1773144000000,"pid":7,"hostname":"w","msg":"boom","err":{"stack":"Error\\n at x"}}',
      { error_type: 'json.error', error_message: 'boom', stack_trace: 'Error\n at x' },
    ],
    [
      'json',
      '{"level":"error","message":"boom","timestamp":"2026-03-10T12:00:00.000Z"}',
      { error_type: 'json.error' },
    ],
    [
      'json',
      '{"level":"error","message":"boom","timestamp":"2026-03-10 12:00:00"}',
      { error_type: 'json.error' },
    ],
    [
      'json',
      '{"@timestamp":"2026-03-10T12:00:00.000Z","log.level":"ERROR","message":"boom","error.stack_trace":"x"}',
      { error_type: 'json.error', stack_trace: 'x' },
    ],
    [
      'json',
      '{"ts":1773144000.0,"level":"warn","msg":{"a":1}}',
      { error_type: 'json.warn', error_message: '{"a":1}' },
    ],
    [
      'json',
      '{"__REALTIME_TIMESTAMP":"1773144000000000","PRIORITY":"3","MESSAGE":"boom"}',
      { error_type: 'json.err' },
    ],
    [
      'logfmt',
      'time="2026-03-10T12:00:00Z" level=error msg="say \\"boom\\"" pid=7',
      { error_type: 'logfmt.error', error_message: 'say "boom"' },
    ],
    [
      'logfmt',
      'ts=2026-03-10T12:00:00.000Z caller=a.go:9 level=warn err="no route"',
      { error_message: 'no route' },
    ],
    ['logfmt', 'level=info ts=1773144000.000 msg=boom', { error_message: 'boom' }],
    [
      'apache',
      '[Tue Mar 10 12:00:00.000000 2026] [core:error] [pid 5] [client 192.0.2.1:9] x',
      { ip_address: '192.0.2.1' },
    ],
    // In the forms of public collections of logs, with our own texts.
    [
      'plain',
      '- 1773144000 2026.03.10 R0-M1 2026-03-10-05.00.00.000000 R0-M1 RAS KERNEL INFO x',
      {},
    ],
    ['plain', '- 1773144000 2026.03.10 dn228 Mar 10 04:00:00 dn228/dn228 crond[2915]: x', {}],
    [
      'plain',
      '134681 node-246 unix.hw state_change.unavailable 1773144000 1 Component State Change: x',
      {},
    ],
    ['plain', '260310 120000 148 INFO dfs.DataNode: x', {}],
    ['plain', '26/03/10 12:00:00 INFO executor.Executor: x', {}],
    ['plain', '20260310-12:00:00:000|Step_LSC|30002312|x', {}],
    ['plain', '03-10 12:00:00.000  1702  2395 D WindowManager: x', {}],
    ['plain', '[03.10 12:00:00] app.exe - proxy:5070 close, 0 bytes sent', {}],
    ['plain', '2026-03-10 12:00:00, Info                  CBS    Loaded Servicing Stack', {}],
    ['plain', 'nova-api.log.1.2017-05-16_13:53:08 2026-03-10 12:00:00.000 25746 INFO nova x', {}],
    ['plain', '2026-03-10 12:00:00,000 - INFO  [main:X@1] - x', {}],
    ['plain', '1234:M 10 Mar 2026 12:00:00.000 * Ready to accept connections', {}],
    ['plain', '2026-03-10T12:00:00.000000Z 8 [ERROR] [MY-010000] [Server] x', {}],
    ['plain', 'web-1  | 2026-03-10T12:00:00Z boom', {}],
    ['plain', '10.03.2026 12:00:00 Fehler x', {}],
    [
      'plain',
      'Mar 10, 2026 12:00:00 PM org.apache.catalina.core.StandardService startInternal',
      {},
    ],
    ['plain', '[2026-03-10 12:00:00 +0000] [77] [ERROR] worker timeout', {}],
    ['plain', 'Tue Mar 10 13:00:00 CET 2026 x', {}],
    ['plain', 'Tue 10 Mar 2026 01:00:00 PM CET: x', {}],
    ['plain', '=ERROR REPORT==== 10-Mar-2026::12:00:00 ===', {}],
    ['plain', '[2026-03-10 13:00:00 GMT+0100] x', {}],
    ['json', '{"t":{"$date":"2026-03-10T12:00:00.000+00:00"},"s":"E","msg":"boom"}', {}],
    ['json', '{"time":"Tue Mar 10 2026 13:00:00 GMT+0100 (CET)","msg":"boom"}', {}],
    ['plain', '03/13/2026 12:00:00 AM x', { created_at: at('2026-03-13T00:00:00Z') }],
  ])('%s: %s', (format, line, row) => {
    const found = read(line);
    expect(found.format).toBe(format);
    expect(found.parsed).toMatchObject([{ row: { created_at: noon, ...row } }]);
  });

  test.each(['CST', 'IST', 'PST'])(
    '%s is a zone of several countries, so the owner is asked',
    (zone) => {
      const line = `2026-03-10 12:00:00.000 ${zone} [7] LOG:  x`;
      expect(
        errorLogs.formats[2]!.reader(
          { now, zone: zoneOf('UTC')!, isZoneGiven: false, untimed: false },
          [],
        )(line),
      ).toEqual({
        why: expect.stringContaining('--time-zone'),
      });
      expect(read(line, 'America/Chicago').parsed).toMatchObject([
        { row: { created_at: at('2026-03-10T17:00:00Z') } },
      ]);
    },
  );

  test("journalctl's own lines are no messages", () => {
    const line = 'Mar 10 12:00:00 db1 sshd[77]: x';
    const lines = ['-- Journal begins at Mon 2026-03-09 00:00:00 UTC. --', line, '-- Boot 5c1e --'];
    expect(read(lines)).toMatchObject({ format: 'syslog', parsed: ['nothing', {}, 'nothing'] });
  });

  test('a date is not guessed if it is not known whether the month comes first', () => {
    expect(read('03/04/2026 12:00:00 x').format).toBeUndefined();
    expect(read(['03/04/2026 12:00:00 x', '13/04/2026 12:00:00 y']).parsed[0]).toMatchObject({
      row: { created_at: at('2026-04-03T12:00:00Z') },
    });
    expect(read(['03/04/2026 12:00:00 x', '03/14/2026 12:00:00 y']).parsed[0]).toMatchObject({
      row: { created_at: at('2026-03-04T12:00:00Z') },
    });
  });
});
