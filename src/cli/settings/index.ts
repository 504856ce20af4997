import { Argument, Option } from 'commander';
import { Command } from '../arguments/command.ts';
import { asOption } from '../arguments/options.ts';
import { listJson } from '../arguments/show-options.ts';
import { addHistoryAndRevert } from '../history/index.ts';

/** `roundsman settings` */
export function settingsCommand(): Command {
  const settings = new Command('settings')
    .enablePositionalOptions()
    .description(
      'which addresses the engine may reach, where backups go, and how long rows are kept',
    )
    .example('npx roundsman settings http_hosts --add 10.0.0.5:8080')
    .example('npx roundsman settings backup_folder /var/backups/roundsman')
    .example('npx roundsman settings api_logs_keep_days 30')
    .addArgument(
      new Argument('[name]', 'the setting; without it, all are shown').choices([
        'connectivity_url',
        'http_hosts',
        'web_url',
        'backup_folder',
        'backup_recipients',
        'backup_keep_days',
        'maintenance_hours',
        'runs_keep_days',
        'findings_keep_days',
        'actions_keep_days',
        'decisions_keep_days',
        'tickets_keep_days',
        'metrics_keep_days',
        'messages_keep_days',
        'api_logs_keep_days',
        'page_views_keep_days',
        'error_logs_keep_days',
        'activity_keep_days',
        'retention_minutes',
        'retention_from',
      ]),
    )
    .argument('[value]', 'its new value; without it, it is shown')
    .addOption(
      new Option(
        '--add <hosts>',
        'add these hosts to http_hosts, and keep the others; with commas',
      ),
    )
    .addOption(new Option('--remove <hosts>', 'take these hosts out of http_hosts; with commas'))
    .addOption(new Option('--unset', 'take its value away'))
    .option(...asOption)
    .addOption(listJson())
    .action(async (name, value, options) => {
      const { changeHostList, setSetting, showSettings, unsetSetting } =
        await import('./change.ts');
      if (options.add !== undefined || options.remove !== undefined)
        return changeHostList(name, value, options);
      if (options.unset) return unsetSetting(name, value, options);
      await (value === undefined ? showSettings(name, options) : setSetting(name, value, options));
    });
  addHistoryAndRevert(settings, { kind: 'setting', example: 'http_hosts', called: 'the setting' });
  return settings;
}
