import { exitCodes, RoundsmanError } from '../../ground/errors.ts';
import { failWith } from '../../ground/failure-code.ts';
import { addConsequences } from '../../services/definitions/consequences/add.ts';
import { planOf } from '../../services/definitions/plan.ts';
import { whyFailed } from '../../services/definitions/why-failed.ts';
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
  failWith(exitCodes.usage);
  const differs = await findOut(async () => {
    const files = await filesOf(options.file);
    const catalogue = await loadCatalogue();
    return withDatabase(async ({ db }) => {
      const plan = await planOf({ db, catalogue }, { ...options, files });
      plan.notes.push(...(await addConsequences({ db, catalogue }, plan.changes)));
      if (isData(options)) printDocument(planAsData(plan), options);
      else showPlan(plan);
      return plan.changes.length > 0;
    });
  });
  if (differs) raiseExitCode(exitCodes.failed);
}

/** Something failed before it was known what differs; the exit code of other failures would say that something does. */
export class DiffFailedError extends RoundsmanError {
  override readonly exitCode = exitCodes.usage;
}

async function findOut<Value>(work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RoundsmanError && error.exitCode !== exitCodes.failed) throw error;
    const known = error instanceof RoundsmanError ? error : await whyFailed(error);
    if (known === null) throw error;
    throw new DiffFailedError(known, { cause: error });
  }
}
