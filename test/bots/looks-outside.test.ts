/** A bot whose code sends requests says so: what it reports counts only while this machine's own network works. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { bots } from '../../bots/index.ts';

const folder = fileURLToPath(new URL('../../bots/', import.meta.url));

/** The texts of a file of bots/ and of all those that it imports, without remedies. */
function textsFrom(path: string, seen = new Map<string, string>()): Map<string, string> {
  if (seen.has(path) || path.includes('/remedies/')) return seen;
  const text = readFileSync(path, 'utf8');
  seen.set(path, text);
  for (const [, imported] of text.matchAll(/from '(\.{1,2}\/[^']+)'/g)) {
    const next = join(dirname(path), imported!);
    if (next.startsWith(folder)) textsFrom(next, seen);
  }
  return seen;
}

const sends =
  /import \{[^}]*\b(request|presentedCertificate|resolveHost|openGitHub)\b[^}]*\} from '[./]+src\/bot\.ts'|from 'node:(net|tls|dns|http|https)/;

test.each(bots.map((bot) => [bot.name, bot] as const))('%s', (name, bot) => {
  const texts = textsFrom(join(folder, `${name}.ts`));
  const sending = [...texts].filter(([, text]) => sends.test(text)).map(([path]) => path);
  const says = [bot, ...bot.checks].some(({ looksOutside }) => looksOutside);
  expect(says, `${sending.join(', ') || 'no file'} sends`).toBe(sending.length > 0);
});
