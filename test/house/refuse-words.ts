/**
 * A part of `npm run check`: words that leave open who does something (say which process, transaction or person it is; the
 * account `nobody` of the system is written as code), and limits by another name than max.
 */
import { globSync, readFileSync } from 'node:fs';

const refused: [pattern: RegExp, why: string, except?: string][] = [
  [
    /(?<!['`])\b(nobody|somebody|unheard)\b(?!['`])/i,
    'say who: nobody, somebody and unheard leave it open',
  ],
  [/^(export )?const most([A-Z]\w*)? =/, 'limits are called max', 'src/notify/'],
];

const files = globSync(['src/**/*.{ts,js}', 'bots/**/*.ts', 'jobs/**/*.ts']);
for (const [pattern, why, except] of refused) {
  const found = files
    .filter((file) => except === undefined || !file.startsWith(except))
    .flatMap((file) =>
      readFileSync(file, 'utf8')
        .split('\n')
        .flatMap((line, at) => (pattern.test(line) ? [`${file}:${at + 1} ${line.trim()}`] : [])),
    );
  for (const line of found) console.error(line);
  if (found.length === 0) continue;
  console.error(why);
  process.exitCode = 1;
}
