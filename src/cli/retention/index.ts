import { Command } from '../arguments/command.ts';
import { listJson } from '../arguments/show-options.ts';

/** `roundsman retention ...` */
export function retentionCommand(): Command {
  const retention = new Command('retention').description('how long rows are kept');
  retention
    .command('preview')
    .description('which rows the job retention would remove now, and why others stay')
    .example('npx roundsman retention preview')
    .example('npx roundsman retention preview --json table,rows,bytes')
    .addOption(listJson({ sortable: true }))
    .action(async (options) => (await import('./preview.ts')).showPreview(options));
  return retention;
}
