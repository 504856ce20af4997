import { Command } from '../arguments/command.ts';

/** `roundsman init` */
export function initCommand(): Command {
  return new Command('init')
    .description('write a project of your own, with a bot, its test and what runs them')
    .example('npx roundsman init my-bots')
    .example('npx roundsman init my-bots --from ./roundsman-0.1.0.tgz')
    .argument('[directory]', 'a new or empty directory; files are never overwritten', '.')
    .option(
      '--from <package>',
      'what npm installs as roundsman: a version, a tarball or an address (this version)',
    )
    .action(async (directory: string, options) =>
      (await import('./make.ts')).makeNewProject(directory, options),
    );
}
