import { exitCodes } from '../../ground/errors.ts';
import { failWith } from '../../ground/failure-code.ts';
import { addConsequences } from '../../services/definitions/consequences/add.ts';
import { planOf } from '../../services/definitions/plan.ts';
import type { ShowOptions } from '../arguments/show-options.ts';
import { isData, printDocument } from '../listing/document.ts';
import { loadCatalogue } from '../session/catalogue.ts';
import { withDatabase } from '../session/database.ts';
import { raiseExitCode } from '../terminal/do-each.ts';
import { filesOf } from './files.ts';
import { planAsData, showPlan } from './show-plan.ts';

export interface PlanOptions {
  file: string[];
  set?: string;
  prune?: true;
  takeOver?: true;
}

/** The exit code is 0 where nothing differs, 1 where something does, and 2 or more where that could not be found out. */
export async function diffDefinitions(options: PlanOptions & ShowOptions): Promise<void> {
  // The exit code of other failures would say that something differs.
  failWith(exitCodes.usage);
  const files = await filesOf(options.file);
  const catalogue = await loadCatalogue();
  const differs = await withDatabase(async ({ db }) => {
    const plan = await planOf({ db, catalogue }, { ...options, files });
    plan.notes.push(...(await addConsequences({ db, catalogue }, plan.changes)));
    if (isData(options)) printDocument(planAsData(plan), options);
    else showPlan(plan);
    return plan.changes.length > 0;
  });
  if (differs) raiseExitCode(exitCodes.failed);
}
