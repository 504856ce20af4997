import { printable } from '../../ground/text.ts';
import { nextRun, statusOf } from './list.ts';
import type { BotRow } from '../../services/bots/list.ts';
import { showBot as read } from '../../services/bots/show.ts';
import { loadCatalogue } from '../session/catalogue.ts';
import { withDatabase } from '../session/database.ts';
import { heldBackBy } from '../maintenance/words.ts';
import { findingTable } from '../findings/list.ts';
import * as print from '../terminal/print.ts';
import { runTable } from '../runs/list.ts';
import {
  printMissingSecret,
  needsInWords,
  printChecks,
  printHeals,
  secretsInWords,
} from './abilities.ts';
import { printSettings, settingAsJson } from './settings.ts';
import type { ShowOptions } from '../arguments/show-options.ts';
import { printDocument, isData } from '../listing/document.ts';

export async function showBot(given: string, options: ShowOptions): Promise<void> {
  const catalogue = await loadCatalogue();
  await withDatabase(async ({ db }) => {
    const shown = await read({ db, catalogue }, { bot: given });
    const { bot, settings, abilities, runs, findings, open, maintenance, now } = shown;
    if (isData(options))
      return printDocument(
        {
          ...bot,
          settings: settings?.map(settingAsJson) ?? null,
          checks: abilities?.checks ?? null,
          heals: abilities?.heals ?? null,
          advice: abilities?.advice ?? null,
          secrets: abilities?.secrets ?? null,
          needs: abilities?.needs ?? null,
          open_findings: open,
          bot_executions: runs,
          bot_findings: findings,
          bot_maintenance: maintenance,
        },
        options,
      );

    printDefinition(shown);
    if (abilities) {
      printChecks(abilities.checks);
      printHeals(abilities.heals, abilities.advice);
      printMissingSecret(abilities.secrets);
    }
    print.section('Settings');
    printSettings(settings, bot.config);
    print.section('Newest runs');
    runTable(runs, now, `None yet. \`npx roundsman bots run ${bot.name}\` queues one.`);
    print.section(`Open findings ${print.shownOf(findings.length, open)}`);
    findingTable(findings, now, 'None.');
  });
}

type Shown = Awaited<ReturnType<typeof read>>;

function printDefinition({ bot, schedule, maintenance, abilities, now }: Shown): void {
  const since = bot.status_changed_at ? `, since ${print.time(bot.status_changed_at)}` : '';
  const why = bot.status_reason ? `: ${printable(bot.status_reason)}` : '';
  const finished = (bot.successful_runs ?? 0) + (bot.failed_runs ?? 0);
  print.say(print.paint('bold', printable(`${bot.display_name} (${bot.name})`)));
  if (bot.description) print.prose(bot.description);
  print.say();
  print.facts([
    ['Status', `${statusOf(bot)}${why}${bot.removed_at ? '' : since}`],
    ['Removed', bot.removed_at && `${print.time(bot.removed_at)}`],
    ['Endpoint', printable(bot.api_endpoint)],
    ['Schedule', `${printable(bot.schedule_cron)}   ${schedule}`],
    ['Next run', nextRunInWords(bot, now)],
    ['Maintenance', maintenanceInWords(maintenance)],
    ['Last run', print.moment(bot.last_execution_at, now)],
    [
      'Runs',
      `${bot.total_runs ?? 0} ended: ${endings(bot)}` +
        (finished > 0 ? `; ${print.duration(bot.avg_execution_time_ms)} on average` : ''),
    ],
    [
      'Missed slots',
      `${bot.catch_up}${bot.catch_up === 'all' ? ` (${bot.catch_up_limit} at most)` : ''}, grace ${bot.grace_seconds} s`,
    ],
    ['Overlap', `${bot.overlap}, ${bot.concurrency} at once`],
    [
      'Limits',
      `timeout ${bot.timeout_seconds} s, ${print.counted(bot.max_attempts, 'attempt')}, jitter ${bot.jitter_seconds} s, priority ${bot.priority}`,
    ],
    [
      'Findings',
      bot.confirm + bot.clear === 2
        ? null
        : `count after ${print.counted(bot.confirm, 'failure')} in a row, resolve after ${print.counted(bot.clear, 'clean run')} in a row`,
    ],
    ['Secrets', abilities && secretsInWords(abilities.secrets)],
    ['Needs', abilities && needsInWords(abilities)],
    ['Version', `${bot.definition_version}, edited ${print.time(bot.updated_at)}`],
    ['Id', bot.id],
  ]);
}

/** The windows in force, each with whether its runs are skipped and whether all of its findings are held back. */
const maintenanceInWords = (windows: Shown['maintenance']): string | null =>
  windows
    .map((window) => {
      const part = window.is_part ? ', some of its findings' : '';
      return `${heldBackBy([window])}${part}${window.skip_runs ? ', its runs are skipped' : ''}`;
    })
    .join('; ') || null;

/** How the runs of a bot ended, by its counters. These count neither runs that verify cures nor skipped slots. */
function endings({ total_runs, successful_runs, failed_runs }: BotRow): string {
  const [all, succeeded, failed] = [total_runs ?? 0, successful_runs ?? 0, failed_runs ?? 0];
  const cancelled = Math.max(0, all - succeeded - failed);
  return `${succeeded} succeeded, ${failed} failed${cancelled > 0 ? `, ${cancelled} cancelled` : ''}`;
}

function nextRunInWords(bot: BotRow, now: Date): string {
  if (bot.status !== 'active')
    return bot.removed_at ? 'none: it was removed' : `none while it is ${bot.status}`;
  if (!bot.next_execution_at) return "planned at the scheduler's next tick";
  return print.moment(bot.next_execution_at, now) ?? nextRun(bot, now);
}
