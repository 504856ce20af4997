/** What settings say, and what is said of those that cannot be used. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { UsageError } from '../../src/errors.ts';
import { hasOpenssl } from '../support/certificates.ts';

const address = 'postgres://ann:hunter2000@127.0.0.1/x';

function refused(environment: NodeJS.ProcessEnv): UsageError {
  try {
    readConfig(environment);
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error('it was taken');
}

/** A file of a directory that is removed when the test is over. */
function aFile(content: string | Buffer): string {
  const directory = mkdtempSync(join(tmpdir(), 'roundsman-config-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, 'file.crt');
  writeFileSync(path, content);
  return path;
}

describe('the address of the database', () => {
  test.each(['bogus', 'Require', 'verify_full', 'allow', 'true'])(
    'with sslmode=%s is refused by name, with the modes that there are',
    (mode) => {
      const { why, hint, message } = refused({ DATABASE_URL: `${address}?sslmode=${mode}` });
      expect(why).toBe(`sslmode=${mode} is none`);
      expect(hint).toContain('disable, prefer, require, verify-ca, verify-full, no-verify');
      expect(message + hint).not.toContain('hunter');
    },
  );

  test('whose last of two modes is one, but not the first, is refused too; none and an empty one are taken', () => {
    refused({ DATABASE_URL: `${address}?sslmode=bogus&sslmode=require` });
    for (const query of ['', '?sslmode=', '?sslmode=no-verify', '?application_name=x'])
      expect(readConfig({ DATABASE_URL: address + query }).databaseUrl).toBe(address + query);
  });

  test.each(['sslrootcert', 'sslcert', 'sslkey'])('whose %s is none is refused by name', (name) => {
    for (const content of ['', 'no certificate\n', Buffer.from([0x30, 0x82, 1, 2])]) {
      const path = aFile(content);
      const { why, hint } = refused({ DATABASE_URL: `${address}?sslmode=require&${name}=${path}` });
      expect(why).toContain(`${path}, which ${name} names, holds no`);
      expect(hint).toContain('-----BEGIN');
    }
  });

  test.runIf(hasOpenssl)(
    'whose sslrootcert is the key in place of the certificate is refused',
    () => {
      const args = ['genpkey', '-algorithm', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
      const key = aFile(execFileSync('openssl', args, { stdio: 'pipe' }));
      const at = (name: string) => ({ DATABASE_URL: `${address}?${name}=${key}` });
      expect(refused(at('sslrootcert')).why).toContain('holds no certificate');
      expect(readConfig(at('sslkey')).databaseUrl).toContain('sslkey=');
    },
  );
});
