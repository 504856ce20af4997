import { withAddress } from '../session/database.ts';

/** `db shell [ARGUMENTS]`: runs psql on the database; an embedded server keeps running meanwhile. */
export const databaseShell = (args: string[]): Promise<void> =>
  withAddress(async ({ url }) => {
    const { openShell } = await import('../../services/database/shell.ts');
    process.exitCode = await openShell(url, args);
  });
