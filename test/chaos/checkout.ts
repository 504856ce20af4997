/**
 * Copies this checkout, with the catalogue of bots.ts in place of its own. The copy is the engine under test: its real
 * command line runs, an edit of the checkout in between changes nothing, and a defect can be planted in it.
 */
import { cpSync, globSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('../..', import.meta.url));

export const defects = ['slot', 'fence', 'rescue'] as const;
export type Defect = (typeof defects)[number];

export function copyCheckout(directory: string): void {
  for (const part of ['src', 'bots', 'jobs', 'migrations', 'test/chaos', 'package.json'])
    cpSync(join(here, part), join(directory, part), { recursive: true });
  symlinkSync(join(here, 'node_modules'), join(directory, 'node_modules'));
  writeFileSync(join(directory, 'bots/index.ts'), "export * from '../test/chaos/bots.ts';\n");
}

/**
 * Plants a defect in a copy: removes one of the engine's safeguards from its source. Throws if it changed nothing, because
 * then the defect would prove nothing.
 */
export function plantDefect(directory: string, defect: Defect): void {
  if (defect === 'slot') {
    // Without its unique index a slot can have two runs. The ON CONFLICT clauses go, too: they need that index.
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
    return requireChange(taken, defect);
  }
  if (defect === 'rescue')
    return requireChange(
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
  requireChange(Number(taken >= 4), defect);
}

function requireChange(taken: number, defect: Defect): void {
  if (taken === 0)
    throw new Error(`there was nothing to take out for the planted defect ${defect}`);
}

/** Replaces a text in these files. Returns how many files were changed. */
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
