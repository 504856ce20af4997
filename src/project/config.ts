/** What a project's `roundsman.config.ts` says. */
import type { SettingName } from '../services/settings/kinds/index.ts';

/** Which bots and remedies there are. */
export interface ProjectCatalogues {
  /**
   * The bots that Roundsman brings: `'all'`, unless given; `'none'`; or those with these names. Its remedies are always there, because
   * a playbook may name them.
   */
  builtIn?: 'all' | 'none' | readonly string[];
  /**
   * Folders with bots and remedies of your own, as paths from the config's folder. Each `.ts`, `.mts`, `.js` and `.mjs` file that lies
   * directly in one is loaded; tests (`*.test.*`), declarations (`*.d.ts`) and files whose name begins with `_` or `.` are not. None unless given.
   */
  folders?: readonly string[];
}

/** A setting of the engine (`npx roundsman settings`): the text that a person would type, a number, or a list of texts. */
export type ProjectSettings = {
  readonly [Name in SettingName]?: string | number | readonly string[];
};

export interface ProjectConfig {
  catalogues?: ProjectCatalogues;
  /**
   * Written into the database when a scheduler, a worker or `up` starts. A value that a person has set with `npx roundsman settings`
   * wins, until it is taken away with `--unset`.
   */
  settings?: ProjectSettings;
}

/** Checks the types of a config in an editor and by `tsc`. What the file exports is checked once more when it is loaded. */
export const defineConfig = (config: ProjectConfig): ProjectConfig => config;
