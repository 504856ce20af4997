/** Reads a project's `roundsman.config.ts`: a mistake in it is refused, because what it leaves out would be missing in silence. */
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { messageOf } from '../ground/errors.ts';
import { projectFileVariable } from '../ground/files/project-file.ts';
import { askedIfMeant, nearest } from '../ground/nearest.ts';
import { settings, settingNames, type SettingName } from '../services/settings/kinds/index.ts';
import { UnfitValue } from '../services/settings/kinds/setting.ts';
import { importFile, loadHint } from './import-file.ts';
import { BadProjectError, trustedFile } from './trusted-file.ts';
import { lineOf, lineOfExport, placeInWords, placeOf } from './place.ts';

/** A config that was read. */
export interface Project {
  /** the real path of the file */
  file: string;
  /** the folder of the file, from which its paths count */
  root: string;
  builtIn: 'all' | 'none' | readonly string[];
  /** absolute paths */
  folders: readonly string[];
  /** as they are stored */
  settings: readonly { name: SettingName; value: unknown }[];
}

/** How long the config may take to load. */
const loadSeconds = 30;

const text = z.string().min(1);
const shape = z.strictObject({
  catalogues: z
    .strictObject({
      builtIn: z
        .union(
          [z.enum(['all', 'none']), z.array(text)],
          "has to be 'all', 'none' or a list of names",
        )
        .default('all'),
      folders: z.array(text, 'has to be a list of paths').default([]),
    })
    .default({ builtIn: 'all', folders: [] }),
  settings: z
    .record(
      z.string(),
      z.union(
        [z.string(), z.number(), z.array(z.string())],
        'has to be a text, a number or a list of texts',
      ),
    )
    .default({}),
});

/** The keys that may stand where an unknown one was found. */
const keysOf: Record<string, readonly string[]> = {
  '': ['catalogues', 'settings'],
  catalogues: ['builtIn', 'folders'],
};

interface Problem {
  /** the key, as it is written in the file, by which its line is found */
  key: string | undefined;
  why: string;
}

/** Reads the config of this path. `builtInNames` are the bots that Roundsman brings. Throws {@link BadProjectError}. */
export async function readProject(
  given: string,
  builtInNames: () => Promise<readonly string[]>,
): Promise<Project> {
  const file = trustedFile(given, {
    what: given,
    hint: `correct \`--config\` or ${projectFileVariable}, or make the file`,
  });
  const root = dirname(file);
  let exported: Record<string, unknown>;
  try {
    exported = await importFile(file, loadSeconds);
  } catch (error) {
    const place = placeOf(error, { file, root });
    throw new BadProjectError({
      what: `${given} could not be loaded`,
      why: `${placeInWords(place, root)}: ${messageOf(error).split('\n', 1)[0]}`,
      hint: loadHint(error, place.file),
    });
  }
  if (!('default' in exported))
    throw refused(file, [
      {
        key: undefined,
        why: 'it has no default export: write `export default defineConfig({ ... })`',
      },
    ]);
  const read = shape.safeParse(exported.default);
  if (!read.success) throw refused(file, read.error.issues.flatMap(problemsOf));
  const { catalogues } = read.data;
  const found = readSettings(read.data.settings);
  const chosen = typeof catalogues.builtIn === 'string' ? [] : catalogues.builtIn;
  const known = chosen.length > 0 ? await builtInNames() : [];
  const unknown = chosen.filter((name) => !known.includes(name));
  const problems = [
    ...unknown.map((name) => ({
      key: name,
      why: `catalogues.builtIn: ${JSON.stringify(name)} is no built-in bot${meant(name, known)}`,
    })),
    ...found.flatMap((each) => ('problem' in each ? [each.problem] : [])),
  ];
  if (problems.length > 0) throw refused(file, problems);
  return {
    file,
    root,
    builtIn: catalogues.builtIn,
    folders: [...new Set(catalogues.folders.map((folder) => resolve(root, folder)))],
    settings: found.flatMap((each) => ('problem' in each ? [] : [each])),
  };
}

const meant = (given: string, names: readonly string[]): string => {
  const near = nearest(given, names);
  return near.length > 0 ? `; ${askedIfMeant(near)}` : '';
};

function problemsOf(issue: z.core.$ZodIssue): Problem[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    const names = keysOf[path.join('.')] ?? [];
    return issue.keys.map((key) => ({
      key,
      why: `${[...path, key].join('.')} is not known${meant(key, names) || `; it takes ${names.join(' and ')}`}`,
    }));
  }
  return [
    {
      key: path.findLast((each) => !/^\d+$/.test(each)),
      why: `${path.join('.') || 'it'}: ${issue.message}`,
    },
  ];
}

function readSettings(
  given: Record<string, string | number | string[]>,
): ({ name: SettingName; value: unknown } | { problem: Problem })[] {
  return Object.entries(given).map(([key, value]) => {
    const setting = settings.find(({ name }) => name === key);
    if (!setting)
      return { problem: { key, why: `settings.${key} is no setting${meant(key, settingNames)}` } };
    try {
      return { name: setting.name, value: setting.read(String(value).trim()) };
    } catch (error) {
      if (!(error instanceof UnfitValue)) throw error;
      return {
        problem: { key, why: `settings.${key}: ${error.message}, for example ${setting.example}` },
      };
    }
  });
}

/** One error with all problems, each with its line. */
function refused(file: string, problems: Problem[]): BadProjectError {
  const root = dirname(file);
  const reasons = problems.map(({ key, why }) => {
    const line =
      key === undefined
        ? lineOfExport(file, 'default')
        : lineOf(
            file,
            new RegExp(`['"]?(?<![\\w$])${key.replaceAll(/[^\w-]/g, '.')}(?![\\w$])['"]?`),
          );
    return `${placeInWords({ file, line }, root)}: ${why}`;
  });
  return new BadProjectError({
    what: `${file} cannot be used`,
    why: reasons.join('; '),
    hint: 'correct it; docs/your-bots.md says what it takes',
    ...(reasons.length > 1 && { reasons }),
  });
}
