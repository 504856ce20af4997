/** A log of the other kind is refused with the command that reads it; --format decides. */
import { expect, test } from 'vitest';
import { accessLogs } from '../../src/importers/access/formats.ts';
import { chooseFormat } from '../../src/importers/choose.ts';
import { errorLogs } from '../../src/importers/errors/formats.ts';
import { requireOwnKind } from '../../src/importers/other-log.ts';
import type { LogTable, Reading } from '../../src/importers/reading/log-format.ts';
import { utc } from '../../src/importers/reading/zone.ts';

const reading: Reading = {
  now: Date.parse('2026-03-11T00:00:00Z'),
  zone: utc,
  isZoneGiven: false,
  untimed: false,
};
const lines = (log: LogTable<any>) =>
  log.formats
    .filter(({ name }) => name !== 'plain')
    .map((format): [string, readonly string[]] => [format.name, format.example]);
const requests = lines(accessLogs);
const messages = lines(errorLogs);

test.each(requests)('requests as %s has them are no messages', (name, sample) => {
  for (const untimed of [false, true])
    expect(() => requireOwnKind(errorLogs, accessLogs, { ...reading, untimed }, sample)).toThrow(
      expect.objectContaining({
        name: 'OtherLogError',
        why: expect.stringContaining(name),
        hint: expect.stringMatching(/roundsman import access-log.*--format/),
      }),
    );
  expect(() => requireOwnKind(accessLogs, errorLogs, reading, sample)).not.toThrow();
});

test.each(messages)('messages as %s has them are no requests', (name, sample) => {
  expect(() => requireOwnKind(accessLogs, errorLogs, reading, sample)).toThrow(
    expect.objectContaining({
      name: 'OtherLogError',
      why: expect.stringContaining(name),
      hint: expect.stringMatching(/roundsman import error-log/),
    }),
  );
  expect(() => requireOwnKind(errorLogs, accessLogs, reading, sample)).not.toThrow();
});

test('errors with their requests, a few requests between messages, and plain lines are accepted', () => {
  const error =
    '{"level":50,"time":1773144000123,"req":{"method":"GET","url":"/a"},"res":{"statusCode":500},"err":{"type":"Error"},"msg":"x"}';
  const plain = '2026-03-10 12:00:00 ERROR x';
  const request = '192.0.2.1 - - [17/May/2015:10:05:03 +0000] "GET /a HTTP/1.1" 200 512';
  for (const sample of [[error], [plain], [plain, plain, request], ['nonsense'], []]) {
    expect(() => requireOwnKind(errorLogs, accessLogs, reading, sample)).not.toThrow();
    if (sample[0] !== error)
      expect(() => requireOwnKind(accessLogs, errorLogs, reading, sample)).not.toThrow();
  }
});

test('JSON without a request is read as JSON', () => {
  expect(chooseFormat(accessLogs, reading, ['{"a":1}', '{"b":2}'])?.name).toBe('json');
  expect(chooseFormat(accessLogs, reading, ['nonsense'])?.name).toBe('combined');
});
