/** What commands say themselves is ASCII; signs beyond that come from one file, which knows what a terminal shows. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const isComment = (line: string) => /^\s*(\/?\*|\/\/)/.test(line);

test('no file of the command line but terminal/signs.ts has a sign that is not ASCII', () => {
  const files = globSync('src/cli/**/*.ts', { cwd: root });
  expect(files.length).toBeGreaterThan(100);
  const found = files
    .filter((file) => file !== 'src/cli/terminal/signs.ts')
    .flatMap((file) =>
      readFileSync(join(root, file), 'utf8')
        .split('\n')
        .filter((line) => !isComment(line) && !/^\p{ASCII}*$/u.test(line))
        .map((line) => `${file}: ${line.trim()}`),
    );
  expect(found).toEqual([]);
});
