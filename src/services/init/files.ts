/** The files of a new project: those of templates/project/, and its package.json. */
import { readFileSync } from 'node:fs';
import { development, runtime } from './versions.ts';

const templates = new URL('../../../templates/project/', import.meta.url);

/**
 * The path in the project, and in templates/project/: some files have another name there, because npm leaves them out of a package or
 * obeys them.
 */
const paths = {
  'bots/hello.ts': 'bots/hello.ts',
  'bots/hello.test.ts': 'bots/hello.test.ts',
  'definitions/README.md': 'definitions/README.md',
  '.env.example': 'env.example',
  '.github/workflows/ci.yml': 'github/ci.yml',
  '.gitignore': 'gitignore',
  '.npmrc': 'npmrc',
  'README.md': 'readme.md',
  'roundsman.config.ts': 'roundsman.config.ts',
  'tsconfig.json': 'tsconfig.json',
} as const;

/** The text of each file by its path. `name` is that of the npm package, `roundsman` what npm installs as Roundsman. */
export function filesOf(name: string, roundsman: string): Map<string, string> {
  const manifest = {
    name,
    private: true,
    type: 'module',
    engines: { node: '>=24' },
    scripts: { start: 'exec roundsman up', test: "node --test 'bots/**/*.test.ts'", check: 'tsc' },
    dependencies: { roundsman },
    devDependencies: development,
    optionalDependencies: runtime,
  };
  const texts = Object.entries(paths).map(([path, template]): [string, string] => [
    path,
    readFileSync(new URL(template, templates), 'utf8').replaceAll('{{name}}', name),
  ]);
  return new Map([...texts, ['package.json', `${JSON.stringify(manifest, null, 2)}\n`]]);
}
