import { printable } from '../../ground/text.ts';
import { showPolicy as read } from '../../services/policy/show.ts';
import { withDatabase } from '../session/database.ts';
import { note, put, time } from '../terminal/print.ts';
import type { ShowOptions } from '../arguments/show-options.ts';
import { printDocument, isData } from '../listing/document.ts';

export const showPolicy = (version: number | undefined, options: ShowOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const { row, current, text, readable } = await read(db, { version });
    if (!readable)
      note('the engine cannot read this policy, and its tickets wait: it was edited by hand');
    if (isData(options)) return printDocument(row, options);
    const since = `${time(row.set_at)}, by ${printable(row.set_by)}`;
    put(
      row.version === current
        ? `# Policy ${row.version}, in force since ${since}`
        : `# Policy ${row.version}, set at ${since}; policy ${current} is in force`,
    );
    put(text);
  });
