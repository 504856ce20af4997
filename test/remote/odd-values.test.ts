/** Values in a fitting answer that programs stumble over: each is stored as text that is safe to show, or refused by its name. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { hasOpenssl } from '../support/certificates.ts';
import { json, remoteScene } from './scene.ts';

/** An answer as text, with one finding; `more` stands behind its title. */
const finding = (title: string, more = ''): string =>
  `{"checks":[{"name":"mails","examined":["PART"],"findings":[{"title":${title},"component":"PART"${more}}]}]}`;

const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

/** A finding's metadata is at the sixth level. */
const inMetadata = (levels: number): string =>
  finding('"t"', `,"metadata":{"deep":${nested(levels)}}`);

const figure = (value: string): string =>
  `{"checks":[{"name":"mails","examined":[],"findings":[],"figures":[{"name":"n","value":${value}}]}]}`;

test.runIf(hasOpenssl)('odd values end neither the run nor the engine', async () => {
  const scene = await remoteScene(json(''), { config: { timeout_seconds: 20 } });
  let parts = 0;
  const reads = async (body: string) => {
    const part = `part-${(parts += 1)}`;
    scene.scene.answer = json(body.replaceAll('PART', part));
    const { status, error_message } = await scene.round();
    expect({ status, error_message }, body.slice(0, 100)).toEqual({
      status: 'success',
      error_message: null,
    });
    const { rows } = await sql<{ all: string }>`
      SELECT coalesce(json_agg(f)::text, '') AS all FROM bot_findings f WHERE affected_component = ${part}`.execute(
      scene.db,
    );
    return rows[0]!.all;
  };
  const refuses = async (body: string) => {
    scene.scene.answer = json(body);
    const { status, error_message } = await scene.round();
    expect(status, body.slice(0, 100)).toBe('failed');
    return error_message;
  };

  // NUL and lone surrogates, which PostgreSQL takes in no text.
  expect(await reads(finding('"a\\u0000b \\ud800 c"'))).toContain('a\uFFFDb \uFFFD c');
  expect(await reads(finding('"t"', ',"metadata":{"a\\u0000\\udfff":"\\u0000"}'))).not.toBe('');
  // Names of what every object has.
  const proto = finding('"t"', ',"metadata":{"__proto__":{"polluted":1},"constructor":1}');
  expect(await reads(proto)).not.toBe('');
  expect(({} as { polluted?: number }).polluted).toBeUndefined();
  expect(await refuses('{"checks":[],"__proto__":{"a":1}}')).toMatch(/__proto__|without a check/);
  // The last of two equal names counts, as JSON.parse reads them.
  expect(await reads(finding('"first"', ',"title":"second"'))).toContain('"title":"second"');
  // Numbers.
  expect(await reads(figure('1.7976931348623157e308'))).toBe('');
  expect(await refuses(figure('1e999'))).toContain('figures.0.value');
  expect(await refuses(figure('NaN'))).toContain('not JSON');
  const large = finding('"t"', ',"metadata":{"n":123456789012345678901234567890}');
  expect(await reads(large)).not.toBe('');
  // Depth: 32 levels are read, 33 are not.
  expect(await reads(inMetadata(32 - 6))).not.toBe('');
  expect(await refuses(inMetadata(33 - 6))).toContain('nested deeper than 32 levels');
  // Brackets in a text are no levels.
  expect(await reads(finding(JSON.stringify('[{'.repeat(900))))).not.toBe('');
  // As many keys as a list may have, and one more.
  const keys = (count: number) =>
    JSON.stringify({
      checks: [
        { name: 'm', examined: Array.from({ length: count }, (_, at) => `k${at}`), findings: [] },
      ],
    });
  expect(await reads(keys(20_000))).toBe('');
  expect(await refuses(keys(20_001))).toContain('checks.0.examined');
  // Bytes that are no UTF-8, and a mark at the beginning.
  expect(await reads(`\uFEFF${finding('"marked"')}`)).toContain('marked');
  scene.scene.answer = (_, response) =>
    void response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(Buffer.concat([Buffer.from('{"checks":"'), Buffer.from([0xff, 0xc0, 0x80])]));
  expect((await scene.round()).status).toBe('failed');
  // The engine goes on as before.
  expect(await reads(finding('"well"'))).toContain('well');
});
