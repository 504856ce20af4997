/** Reads what a guide of docs/ tells its reader to run, so that tests run the same text. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The fenced blocks of this language in docs/<name>.md, in their order. */
export function blocksOf(name: string, language: string): string[] {
  const text = readFileSync(
    fileURLToPath(new URL(`../../docs/${name}.md`, import.meta.url)),
    'utf8',
  );
  const pattern = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms');
  return [...text.matchAll(pattern)].map(([, block]) => block!);
}
