import { RoundsmanError } from '../../../ground/errors.ts';

/** Why a service refuses a definition, with the fields of files in place of the options of commands. */
export function inFile(error: unknown): string {
  if (!(error instanceof RoundsmanError)) throw error;
  const { what, why, hint } = error;
  return `${what}: ${why}; ${hint}`.replaceAll(/--([a-z][a-z-]*)/g, (_, option: string) =>
    option.replaceAll('-', '_'),
  );
}
