import { printable } from '../../ground/text.ts';
import type { DefinitionKind } from '../../services/history/list.ts';
import {
  planRevert,
  revert as carryOut,
  type RevertPlan,
} from '../../services/history/reverters/revert.ts';
import { actorOf } from '../arguments/actor.ts';
import { loadCatalogue } from '../session/catalogue.ts';
import { withDatabase } from '../session/database.ts';
import { goesAhead } from '../terminal/ask.ts';
import { note, printJson, say } from '../terminal/print.ts';
import { table } from '../terminal/table.ts';
import { showValue } from './show.ts';

interface RevertOptions {
  to?: number;
  yes?: true;
  as?: string;
  json?: true;
}

/** Shows what the revert changes and what follows, asks, and makes it. */
export async function revertDefinition(
  kind: DefinitionKind,
  of: string,
  options: RevertOptions,
): Promise<void> {
  const catalogue = await loadCatalogue();
  await withDatabase(async ({ db }) => {
    const context = { db, actor: actorOf(options.as), catalogue };
    const plan = await planRevert(context, { kind, of, to: options.to });
    const { wanted, differences } = plan;
    const name = printable(wanted.named.name);
    if (differences.length === 0) {
      if (options.json) return printJson(asDocument(plan, null));
      say(`Nothing to change: ${name} is as version ${wanted.version} was.`);
      return tellLeft(plan);
    }
    if (!options.json) show(plan);
    else if (!options.yes) for (const line of plan.consequences) note(printable(line));
    if (!(await goesAhead(options, `Set ${name} back to version ${wanted.version}?`))) return;
    const version = await carryOut(context, plan);
    if (options.json) return printJson(asDocument(plan, version));
    say(`${name} is as version ${wanted.version} was; this is version ${version} of it.`);
  });
}

function show(plan: RevertPlan): void {
  const { differences, sentences, consequences } = plan;
  const isSaid = sentences.removed.length + sentences.added.length > 0;
  for (const line of sentences.removed) say(`- ${printable(line)}`, '  ');
  for (const line of sentences.added) say(`+ ${printable(line)}`, '  ');
  if (!isSaid)
    table(
      ['Changes', 'Is', '', 'Becomes'],
      differences.map(({ path, before, after }) => [
        printable(path),
        showValue(before),
        '->',
        showValue(after),
      ]),
      '',
    );
  for (const line of consequences) say(printable(line), '  ');
  tellLeft(plan);
}

function tellLeft({ left }: RevertPlan): void {
  for (const { difference, command } of left)
    say(
      `Left as it is: ${printable(difference.path)}, ${showValue(difference.before)}; it was ${showValue(difference.after)}${command === null ? '' : ` (\`npx roundsman ${command}\`)`}.`,
      '  ',
    );
}

const asDocument = (plan: RevertPlan, version: number | null) => ({
  kind: plan.wanted.named.kind,
  definition: plan.wanted.named.definition,
  name: plan.wanted.named.name,
  version,
  reverted_to: plan.wanted.version,
  differences: plan.differences.map(({ path, before = null, after = null }) => ({
    path,
    before,
    after,
  })),
  consequences: plan.consequences,
});
