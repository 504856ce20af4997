import { UsageError } from '../../ground/errors.ts';
import { counted, printable } from '../../ground/text.ts';
import { applyPlan } from '../../services/definitions/apply.ts';
import { addConsequences } from '../../services/definitions/consequences/add.ts';
import { planOf } from '../../services/definitions/plan.ts';
import type { Plan } from '../../services/definitions/planning/change.ts';
import { refuseManyRemovals } from '../../services/definitions/removals.ts';
import { actorOf } from '../arguments/actor.ts';
import { loadCatalogue } from '../session/catalogue.ts';
import { withDatabase } from '../session/database.ts';
import { goesAhead } from '../terminal/ask.ts';
import { note, printJson, say } from '../terminal/print.ts';
import type { PlanOptions } from './diff.ts';
import { filesOf } from './files.ts';
import { planAsData, showPlan } from './show-plan.ts';

interface ApplyOptions extends PlanOptions {
  dryRun?: true;
  plan?: string;
  yes?: true | number;
  as?: string;
  json?: true;
}

export async function applyDefinitions(options: ApplyOptions): Promise<void> {
  const files = await filesOf(options.file);
  const catalogue = await loadCatalogue();
  const actor = actorOf(options.as);
  await withDatabase(async ({ db }) => {
    const plan = await planOf({ db, catalogue }, { ...options, files });
    plan.notes.push(...(await addConsequences({ db, catalogue }, plan.changes)));
    if (options.plan !== undefined && options.plan !== plan.hash)
      throw otherPlan(options.plan, plan);
    if (!options.json) showPlan(plan);
    if (options.dryRun) {
      if (options.json) printJson(planAsData(plan));
      return note('nothing was changed: --dry-run');
    }
    // Removals of more than a tenth of the set are asked for by their number, also on a terminal.
    refuseManyRemovals(plan, typeof options.yes === 'number' ? options.yes : null);
    const asking = plan.changes.filter(({ asks }) => asks !== null);
    if (
      asking.length > 0 &&
      !(await goesAhead({ yes: options.yes ? true : undefined }, questionOf(asking)))
    )
      return;
    const { changed, made } = await applyPlan({ db, actor, catalogue }, { plan });
    if (options.json) return printJson({ ...planAsData(plan), changed, made });
    if (plan.changes.length === 0) return;
    if (made > 0) note(`${counted(made, 'change')} had been made meanwhile`);
    say(`${counted(changed, 'definition')} changed.`);
  });
}

const questionOf = (asking: Plan['changes']): string => {
  const [first] = asking;
  const names = asking.slice(0, 5).map(({ name }) => printable(name));
  const more = asking.length > 5 ? ` and ${asking.length - 5} more` : '';
  return `${names.join(', ')}${more}: ${first!.asks}. Apply?`;
};

const otherPlan = (wanted: string, { hash }: Plan): UsageError =>
  new UsageError({
    what: 'nothing was applied',
    why: `the plan is ${hash} now, and not ${printable(wanted)}: the files or the rows changed after it was printed`,
    hint: 'look at it with `npx roundsman diff`, and give the number that it prints',
  });
