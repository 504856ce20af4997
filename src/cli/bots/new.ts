import { relative, resolve } from 'node:path';
import { UsageError } from '../../ground/errors.ts';
import { printable } from '../../ground/text.ts';
import { writeNewBot } from '../../services/bots/write-new.ts';
import { loadCatalogue, ownFolders } from '../session/catalogue.ts';
import { printJson, say } from '../terminal/print.ts';

interface NewOptions {
  remedy?: true;
  folder?: string;
  json?: true;
}

export async function newBot(name: string, options: NewOptions): Promise<void> {
  const catalogue = await loadCatalogue();
  const folders = await ownFolders();
  const folder = options.folder === undefined ? folders[0] : resolve(options.folder);
  if (folder === undefined)
    throw new UsageError({
      what: `${name} was not written`,
      why: 'no roundsman.config.ts names a folder for bots of your own',
      hint: 'name one in its `catalogues.folders` (docs/your-bots.md), or say with --folder where the file is to be',
    });
  const withRemedy = options.remedy === true;
  const { files, edit } = writeNewBot(catalogue, { name, folder, withRemedy });
  const [bot, test] = files.map((file) => printable(relative('', file)));
  if (options.json) return printJson({ name, files, edit });
  say(`Written: ${bot} and ${test}.`);
  say(`Its test fails until one line of the bot is edited: ${edit}.`);
  say(`To run it: npx node --test ${test}`);
  if (!folders.includes(folder))
    say(
      'The catalogue does not have it: its folder is not in `catalogues.folders` of roundsman.config.ts.',
    );
}
