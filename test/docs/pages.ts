/** The pages that are generated: `npm run docs` writes them. */
import { botsPage } from './bots-page.ts';
import { cliPage } from './cli-page.ts';
import { errorsPage } from './errors-page.ts';
import { licencesPage } from './licences-page.ts';
import { logsPage } from './logs-page.ts';

export const pages: Record<string, () => string | Promise<string>> = {
  'THIRD-PARTY.md': licencesPage,
  'docs/bots.md': botsPage,
  'docs/cli.md': cliPage,
  'docs/errors.md': errorsPage,
  'docs/logs.md': logsPage,
};
