import { exitCodes } from '../../ground/errors.ts';
import { printable } from '../../ground/text.ts';
import { differingFigures, correctFigures } from '../../services/knowledge/verify.ts';
import { actorOf } from '../arguments/actor.ts';
import { withDatabase } from '../session/database.ts';
import { json, say } from '../terminal/print.ts';
import { table } from '../terminal/table.ts';

/**
 * Compares the documented figures of every entry with the ledger of outcomes; exit code 1 when some differ and were
 * not corrected.
 */
export const verifyKnowledge = (options: { fix?: true; json?: true }): Promise<void> =>
  withDatabase(async ({ db }) => {
    const differences = options.fix
      ? await correctFigures({ db, actor: actorOf() })
      : await differingFigures(db);
    if (differences.length > 0 && !options.fix) process.exitCode = exitCodes.failed;
    if (options.json) return json(differences);
    table(
      ['Knowledge', 'Column', options.fix ? 'Was' : 'Is', options.fix ? 'Is now' : 'Should be'],
      differences.map(({ name, column, is, ought }) => [
        printable(name),
        column,
        is === null ? '-' : String(is),
        String(ought),
      ]),
      'The figures of every entry agree with the ledger of outcomes.',
    );
    if (differences.length === 0) return;
    const { size } = new Set(differences.map(({ id }) => id));
    const entries = size === 1 ? '1 entry' : `${size} entries`;
    say(
      options.fix
        ? `The figures of ${entries} were corrected from the ledger.`
        : `The figures of ${entries} differ from the ledger; \`npx roundsman knowledge verify --fix\` corrects them.`,
    );
  });
