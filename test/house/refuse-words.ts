/**
 * A part of `npm run check`: words that leave open who does something (say which process, transaction or person it is; the
 * account `nobody` of the system is written as code), limits by another name than max, and names of the code in comments that do
 * not stand in backticks: a rename that also changed an ordinary word of a sentence shows itself so.
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
  refuse(found, why);
}

/** A comment that begins its line; of comments with `//` all lines one below the other. */
const comments = /^ *\/\*[\s\S]*?\*\/|(?:^ *\/\/.*\n)+/gm;
/** Code within a comment: in backticks, as a link, or a block that is indented by four more spaces. */
const code = /`[^`]*`|\{@link[^}]*\}|^ *\* {5}.*$/gm;
const nameOfCode = /(?<![\w./$-])(?!(?:eCheck|cPanel)\b)[a-z]+[A-Z]\w+/;

refuse(
  files.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(comments)].flatMap(([comment]) => {
      const name = nameOfCode.exec(comment.replaceAll(code, ''));
      return name ? [`${file} ${name[0]}, in: ${comment.trim()}`] : [];
    }),
  ),
  'in comments names of the code stand in backticks; is one of these an ordinary word that a rename has changed?',
);

function refuse(found: string[], why: string): void {
  for (const line of found) console.error(line);
  if (found.length === 0) return;
  console.error(why);
  process.exitCode = 1;
}
