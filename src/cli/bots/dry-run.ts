/** The checks of a bot that is being added, asked once: nothing is written, and it stands on standard error. */
import { printable } from '../../ground/text.ts';
import { tryChecks, type TriedCheck } from '../../services/bots/try-checks.ts';
import type { NewBot } from '../../services/bots/add.ts';
import { loadWholeCatalogue, type loadCatalogue } from '../session/catalogue.ts';
import type { Session } from '../session/database.ts';
import { counted, duration, note } from '../terminal/print.ts';

/** How long a person waits for all checks together; a run of the bot may take longer. */
const maxSeconds = 30;
/** How many findings of a check are named. */
const maxFindings = 3;

export async function tellDryRun(
  { db, url, config: settings }: Session,
  catalogue: Awaited<ReturnType<typeof loadCatalogue>>,
  definition: NewBot,
): Promise<void> {
  const bot = catalogue.bots.find((each) =>
    [`/api/bots/${each.name}`, `bot:${each.name}`].includes(definition.api_endpoint),
  );
  if (!bot)
    return note(
      `its checks are not asked here: \`npx roundsman bots verify ${definition.name}\` calls it once it is added`,
    );
  note(`its checks, asked once (${maxSeconds} s at most; nothing is written):`);
  const { module } = await loadWholeCatalogue();
  const tried = await tryChecks(
    { db, url, settings },
    { bot, module, config: JSON.stringify(definition.config), timeoutSeconds: maxSeconds },
  );
  for (const check of tried) tell(check);
  if (tried.length < bot.checks.length)
    note(`  ${counted(bot.checks.length - tried.length, 'check')} not asked: the time was over`);
}

function tell({ name, status, ms, findings, reason, truncated }: TriedCheck): void {
  const would =
    status === 'failed'
      ? `would report ${counted(findings.length, 'finding')}${truncated ? ' and more' : ''}`
      : status;
  note(
    `  ${printable(name)}: ${would}, ${duration(ms)}${reason ? `: ${printable(reason)}` : ''}`,
    '    ',
  );
  for (const { title } of (findings as { title: string }[]).slice(0, maxFindings))
    note(`    ${printable(title)}`, '      ');
}
