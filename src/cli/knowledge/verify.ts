import { exitCodes } from '../../ground/errors.ts';
import { printable } from '../../ground/text.ts';
import { differingFigures, correctFigures } from '../../services/knowledge/verify.ts';
import { actorOf } from '../arguments/actor.ts';
import { withDatabase } from '../session/database.ts';
import type { ListOptions } from '../arguments/show-options.ts';
import { list, type Column } from '../listing/list.ts';

type Difference = Awaited<ReturnType<typeof differingFigures>>[number];

/**
 * Compares the documented figures of every entry with its stored outcomes; exit code 1 when some differ and were not
 * corrected.
 */
export const verifyKnowledge = (options: ListOptions & { fix?: true }): Promise<void> =>
  withDatabase(async ({ db }) => {
    const differences = options.fix
      ? await correctFigures({ db, actor: actorOf() })
      : await differingFigures(db);
    if (differences.length > 0 && !options.fix) process.exitCode = exitCodes.failed;
    const { size } = new Set(differences.map(({ id }) => id));
    const entries = size === 1 ? '1 entry' : `${size} entries`;
    const summary = options.fix
      ? `The figures of ${entries} were corrected by the stored outcomes.`
      : `The figures of ${entries} differ from the stored outcomes; \`npx roundsman knowledge verify --fix\` corrects them.`;
    await list({
      options,
      rows: differences,
      columns: columns(options.fix ?? false),
      empty: 'The figures of every entry agree with its stored outcomes.',
      after: size > 0 ? [summary] : [],
    });
  });

const columns = (isFixed: boolean): Column<Difference>[] => [
  { name: 'name', head: 'Knowledge', cell: ({ name }) => printable(name) },
  { name: 'column', head: 'Column', cell: ({ column }) => column },
  { name: 'is', head: isFixed ? 'Was' : 'Is', cell: ({ is }) => (is === null ? null : String(is)) },
  { name: 'ought', head: isFixed ? 'Is now' : 'Should be', cell: ({ ought }) => String(ought) },
];
