import { addressFor } from '../../services/database/address.ts';
import { withAddress } from '../session/database.ts';
import { printJson, note, put } from '../terminal/print.ts';

/** `db url`: the address for another program; with its password only where that is asked for. */
export const databaseUrl = (options: { withPassword?: true; json?: true }): Promise<void> =>
  withAddress(async ({ url, embedded }) => {
    const shown = addressFor(url, { withPassword: options.withPassword ?? false });
    if (options.json) return printJson({ url: shown });
    put(shown);
    if (!options.withPassword && shown !== url)
      note('without its password; --with-password shows it');
    if (embedded)
      note('the embedded PostgreSQL answers while a command or `npx roundsman up` runs');
  });
