import { Argument, Command } from 'commander';
import { jsonOption, yesOption } from '../arguments/options.ts';

/** `roundsman mode` */
export function modeCommand(): Command {
  return new Command('mode')
    .description('how freely remedies act: off (not at all), safe (only safe ones), auto')
    .addArgument(
      new Argument('[mode]', 'set it; without it, show it').choices(['off', 'safe', 'auto']),
    )
    .option('--reason <text>', 'why; others read it')
    .option(...yesOption)
    .option('--as <name>', 'who does this (the account that runs the command)')
    .option(...jsonOption)
    .action(async (mode, options) => {
      const { setMode, showMode } = await import('./change.ts');
      await (mode ? setMode(mode, options) : showMode(options));
    });
}
