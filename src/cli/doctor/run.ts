import { exitCodes } from '../../ground/errors.ts';
import { printable } from '../../ground/text.ts';
import { examineAll, type Diagnosis } from '../../services/doctor/examine.ts';
import { examinedProject } from '../session/examined-project.ts';
import { goesAhead } from '../terminal/ask.ts';
import { note, paint, say } from '../terminal/print.ts';
import type { ShowOptions } from '../arguments/show-options.ts';
import { printDocument, isData } from '../listing/document.ts';

const colours = { ok: 'green', warn: 'yellow', fail: 'red' } as const;

interface DoctorOptions extends ShowOptions {
  fix?: true;
  yes?: true;
}

export async function runDoctor(options: DoctorOptions): Promise<void> {
  const { found, isLate } = await examineAll(
    {
      onFound: (diagnosis) => void (isData(options) || print(diagnosis)),
      onCanary: () => note('a canary run is under way'),
      onWait: note,
    },
    examinedProject,
  );
  // Whatever is still open must not keep the process alive once everything is printed.
  if (isLate) setTimeout(() => process.exit(), 1_000);
  const broken = found.filter(({ status }) => status === 'fail').length;
  if (broken > 0) process.exitCode = exitCodes.failed;
  if (options.fix) await repair(found, options);
  if (isData(options)) return printDocument(found, options);
  const warnings = found.filter(({ status }) => status === 'warn').length;
  say();
  if (broken > 0) say(paint('red', `Broken: ${broken}. Under each stands what to try.`));
  else if (warnings > 0) say(`Nothing is broken; warnings: ${warnings}.`);
  else say(`${paint('green', 'Nothing is broken.')} What needs you: npx roundsman status`);
  if (!options.fix && found.some(({ fix }) => fix))
    say('Some of it can be repaired now: npx roundsman doctor --fix');
}

/** Asks about each repair, does it, and notes in the diagnosis what was done. */
async function repair(found: Diagnosis[], { yes }: DoctorOptions): Promise<void> {
  const fixes = found.flatMap(({ fix }) => fix ?? []);
  if (fixes.length === 0)
    return note('nothing of this can be repaired without a person: under each stands what to try');
  for (const fix of fixes) {
    note(`repair: ${printable(fix.what)}`);
    if (!(await goesAhead({ yes }, 'Do it?'))) continue;
    fix.done = await fix.apply();
    note(printable(fix.done));
  }
}

/** The width of `Connections`, the longest subject. */
const subjectWidth = 11;

function print({ subject, status, detail, hint }: Diagnosis): void {
  const indent = ' '.repeat(subjectWidth + 8);
  say(
    `${paint(colours[status], status.padEnd(4))}  ${subject.padEnd(subjectWidth)}  ${printable(detail)}`,
    indent,
  );
  if (hint) say(`${indent}try: ${printable(hint)}`, `${indent}     `);
}
