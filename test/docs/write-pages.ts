/** Writes the pages of docs/ that are generated. Run by `npm run docs`. */
import { writeFileSync } from 'node:fs';
import { pages } from './pages.ts';

for (const [path, text] of Object.entries(pages))
  writeFileSync(new URL(`../../${path}`, import.meta.url), text());
