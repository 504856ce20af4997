import { withAddress } from '../session/database.ts';

/** `db shell [-- ARGUMENTS]`: psql on the database, which an embedded server keeps running for. */
export const databaseShell = (args: string[]): Promise<void> =>
  withAddress(async ({ url }) => {
    const { openShell } = await import('../../services/database/shell.ts');
    process.exitCode = await openShell(url, args);
  });
