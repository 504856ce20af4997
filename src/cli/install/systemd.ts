import { realpathSync } from 'node:fs';
import { projectFile } from '../../ground/files/project-file.ts';
import { printable } from '../../ground/text.ts';
import { doubtsOf } from '../../services/install/doubts.ts';
import { stepsAfterUnits } from '../../services/install/next-steps.ts';
import { planUnits, writeUnits } from '../../services/install/write-units.ts';
import { goesAhead } from '../terminal/ask.ts';
import { counted, note, say } from '../terminal/print.ts';

interface InstallOptions {
  dryRun?: true;
  folder: string;
  user: string;
  settings: string;
  yes?: true;
}

export async function installSystemd(options: InstallOptions): Promise<void> {
  const { folder, user, settings: settingsFile, yes } = options;
  const program = realpathSync(process.argv[1]!);
  const config = projectFile();
  const unitOptions = { node: process.execPath, program, user, settingsFile, config };
  const units = planUnits(folder, unitOptions);
  for (const doubt of doubtsOf(unitOptions)) note(printable(doubt));
  if (options.dryRun) {
    for (const { file, text } of units) process.stdout.write(`# ${printable(file)}\n${text}\n`);
    return note('nothing was written');
  }
  const others = units.filter(({ there }) => there === 'other');
  for (const { file } of others) note(`stands there with another text: ${printable(file)}`);
  if (
    others.length > 0 &&
    !(await goesAhead({ yes }, `Replace ${counted(others.length, 'unit')}?`))
  )
    return;
  const written = writeUnits(units);
  for (const file of written) say(`Wrote ${printable(file)}.`);
  if (written.length === 0) say('Every unit is there as it is to be.');
  say('Nothing was started. Next, as root:');
  for (const step of stepsAfterUnits({ user, settingsFile })) say(`  ${printable(step)}`, '    ');
}
