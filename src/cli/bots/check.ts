import { exitCodes } from '../../ground/errors.ts';
import { counted, printable } from '../../ground/text.ts';
import { tryChecks, type TriedCheck } from '../../services/bots/try-checks.ts';
import { loadBotFile } from '../session/bot-file.ts';
import { withDatabase } from '../session/database.ts';
import { duration, printJson, prose, say, severity } from '../terminal/print.ts';

interface CheckOptions {
  bot?: string;
  check?: string;
  config?: string;
  timeout?: number;
  json?: true;
}

/** Exit code 1 if a check errored, else 6 if one would report a problem. */
export async function checkFile(file: string, options: CheckOptions): Promise<void> {
  const { bot, module } = await loadBotFile(file, options.bot);
  await withDatabase(async ({ db, url, config: settings }) => {
    const { check, config, timeout: timeoutSeconds } = options;
    const asked = { bot, module, check, config, timeoutSeconds };
    const tried = await tryChecks({ db, url, settings }, asked);
    if (tried.some(({ status }) => status === 'errored')) process.exitCode = exitCodes.failed;
    else if (tried.some(({ status }) => status === 'failed'))
      process.exitCode = exitCodes.needsAttention;
    if (options.json) return printJson({ bot: bot.name, checks: tried });
    for (const check of tried) print(check);
    say('Nothing was written.');
  });
}

function print({ name, status, ms, examined, findings, truncated, reason, at }: TriedCheck): void {
  const looked = examined === null ? '' : `, ${counted(examined, 'component')} examined`;
  say(`${printable(name)}: ${status}${looked}, ${duration(ms)}`);
  if (reason !== null) prose(at === null ? reason : `${reason}\nat ${at}`);
  for (const finding of findings as {
    severity: string;
    title: string;
    component: string;
    description?: string;
  }[]) {
    say(
      `  ${severity(finding.severity)}  ${printable(finding.title)} (${printable(finding.component)})`,
    );
    if (finding.description) prose(`  ${finding.description}`);
  }
  if (truncated) say('  It has cut its list short, so no finding would resolve by this result.');
}
