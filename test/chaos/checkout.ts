/**
 * The engine under test is a copy of this checkout with the catalogue of bots.ts in place of its own:
 * its real command line runs, an edit meanwhile changes nothing, and a defect can be planted in it.
 */
import { cpSync, globSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('../..', import.meta.url));

export const plants = ['slot', 'fence', 'rescue'] as const;
export type Plant = (typeof plants)[number];

export function copyCheckout(directory: string): void {
  for (const part of ['src', 'bots', 'jobs', 'migrations', 'test/chaos', 'package.json'])
    cpSync(join(here, part), join(directory, part), { recursive: true });
  symlinkSync(join(here, 'node_modules'), join(directory, 'node_modules'));
  writeFileSync(join(directory, 'bots/index.ts'), "export * from '../test/chaos/bots.ts';\n");
}

/**
 * Takes one of the engine's safeguards out of a copy, in its text. Throws where there was nothing to
 * take out: a plant that changes nothing would prove nothing.
 */
export function plant(directory: string, defect: Plant): void {
  if (defect === 'slot') {
    // Its index goes with the migration; so does what would refuse to run without it.
    const taken =
      edit(
        directory,
        'migrations/*.sql',
        'CREATE UNIQUE INDEX idx_executions_slot',
        'CREATE INDEX idx_executions_slot',
      ) *
      edit(
        directory,
        'migrations/*.sql',
        /ON CONFLICT \(bot_id, scheduled_for\)[^;)]*?DO NOTHING/g,
        '',
      );
    return must(taken, defect);
  }
  if (defect === 'rescue')
    return must(
      edit(
        directory,
        'src/maintain/timers/rescue.ts',
        /await rescue\(\)/g,
        '{ queued: 0, takenOver: 0, ended: 0 }',
      ),
      defect,
    );
  const files = 'src/{run,data/bots}/**/*.ts';
  const taken =
    edit(directory, files, /(\b\w+)\.fence = \w+\.fence/g, '$1.fence IS NOT NULL') +
    edit(directory, files, /\.where\('fence', '=', fence\)/g, '');
  must(Number(taken >= 4), defect);
}

function must(taken: number, defect: Plant): void {
  if (taken === 0)
    throw new Error(`there was nothing to take out for the planted defect ${defect}`);
}

/** Returns how many places were changed. */
function edit(directory: string, files: string, from: string | RegExp, to: string): number {
  let changed = 0;
  for (const name of globSync(files, { cwd: directory })) {
    const file = join(directory, name);
    const text = readFileSync(file, 'utf8');
    const parts = text.split(from).length - 1;
    if (parts === 0) continue;
    changed += 1;
    writeFileSync(file, text.replaceAll(from, to));
  }
  return changed;
}
