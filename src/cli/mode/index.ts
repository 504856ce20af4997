import { Argument } from 'commander';
import { Command } from '../arguments/command.ts';
import { asOption, yesOption } from '../arguments/options.ts';
import { showJson } from '../arguments/show-options.ts';

/** `roundsman mode` */
export function modeCommand(): Command {
  return new Command('mode')
    .description('how freely remedies act: off (not at all), safe (only safe ones), auto')
    .example('npx roundsman mode')
    .example("npx roundsman mode off --reason 'the shop is moved tonight'")
    .addArgument(
      new Argument('[mode]', 'set it; without it, show it').choices(['off', 'safe', 'auto']),
    )
    .option('--reason <text>', 'why; others read it')
    .option(...yesOption)
    .option(...asOption)
    .addOption(showJson({ paged: false }))
    .action(async (mode, options) => {
      const { setMode, showMode } = await import('./change.ts');
      await (mode ? setMode(mode, options) : showMode(options));
    });
}
