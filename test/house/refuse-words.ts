/**
 * A part of `npm run check`: words that leave open who does something. Say which process, transaction or person it is.
 * The account `nobody` of the system is written as code.
 */
import { readFileSync } from 'node:fs';
import { globSync } from 'node:fs';

const refused = /(?<!['`])\b(nobody|somebody|unheard)\b(?!['`])/i;

const found = globSync(['src/**/*.{ts,js}', 'bots/**/*.ts', 'jobs/**/*.ts']).flatMap((file) =>
  readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line, at) => (refused.test(line) ? [`${file}:${at + 1} ${line.trim()}`] : [])),
);
for (const line of found) console.error(line);
if (found.length > 0) console.error('say who: nobody, somebody and unheard leave it open');
process.exitCode = found.length > 0 ? 1 : 0;
