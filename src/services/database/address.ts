import { withoutPassword } from '../../database/libpq.ts';

/** The address of a database for another program, with its password only if that is asked for. */
export const addressFor = (url: string, { withPassword }: { withPassword: boolean }): string =>
  withPassword ? url : withoutPassword(url);
