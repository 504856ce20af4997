/** Writes the files of a new bot of one's own. */
import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, RoundsmanError, UsageError } from '../../ground/errors.ts';
import { distrust } from '../../ground/files/trusted.ts';
import type { Catalogue } from '../../catalogue/catalogue.ts';
import { botTemplate } from './bot-template.ts';
import { checkName } from './definition.ts';

/** The files of a new bot could not be written; none of them is there. */
export class BotNotWrittenError extends RoundsmanError {}

export interface NewBotFiles {
  /** the paths of the bot and of its test */
  files: [bot: string, test: string];
  /** what to change so that the test passes, as a sentence */
  edit: string;
}

/**
 * Writes `<name>.ts` and `<name>.test.ts` into a folder, which is made where it is missing. Never overwrites. Throws UsageError for a name
 * that a bot cannot have or that is taken, and {@link BotNotWrittenError}.
 */
export function writeNewBot(
  catalogue: Pick<Catalogue, 'bots'>,
  { name, folder, withRemedy }: { name: string; folder: string; withRemedy: boolean },
): NewBotFiles {
  checkName(name);
  if (catalogue.bots.some((bot) => bot.name === name))
    throw new UsageError({
      what: `${name} cannot be written`,
      why: 'the catalogue has a bot of this name',
      hint: 'take another name; `npx roundsman bots catalogue` shows those that there are',
    });
  const files: NewBotFiles['files'] = [join(folder, `${name}.ts`), join(folder, `${name}.test.ts`)];
  const taken = files.find((file) => existsSync(file));
  if (taken !== undefined)
    throw new UsageError({
      what: `${name} cannot be written`,
      why: `there is a file ${taken}, and no file is overwritten`,
      hint: 'take another name, or move that file away',
    });
  const { bot, test, edit } = botTemplate(name, withRemedy);
  const written: string[] = [];
  try {
    if (!existsSync(folder)) mkdirSync(folder, { recursive: true });
    else if (!statSync(folder).isDirectory()) throw new Error(`${folder} is not a folder`);
    const found = distrust(folder);
    if (found) throw new Error(`${found.why}; ${found.hint}`);
    for (const [at, text] of [bot, test].entries()) {
      // Fails where the name was taken meanwhile, also by a link.
      writeFileSync(files[at]!, text, { flag: 'wx' });
      written.push(files[at]!);
    }
  } catch (error) {
    for (const file of written) rmSync(file, { force: true });
    throw new BotNotWrittenError(
      {
        what: `${name} could not be written`,
        why: messageOf(error),
        hint: 'name another folder with --folder, or make this one writable for you alone',
      },
      { cause: error },
    );
  }
  return { files, edit };
}
