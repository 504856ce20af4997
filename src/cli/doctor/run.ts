import { exitCodes } from '../../ground/errors.ts';
import { printable } from '../../ground/text.ts';
import { examineAll, type Diagnosis } from '../../services/doctor/examine.ts';
import { examinedProject } from '../session/examined-project.ts';
import { note, paint, say } from '../terminal/print.ts';
import type { ShowOptions } from '../arguments/show-options.ts';
import { printDocument, isData } from '../listing/document.ts';

const colours = { ok: 'green', warn: 'yellow', fail: 'red' } as const;

export async function runDoctor(options: ShowOptions): Promise<void> {
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
  if (isData(options)) return printDocument(found, options);
  const warnings = found.filter(({ status }) => status === 'warn').length;
  say();
  if (broken > 0) say(paint('red', `Broken: ${broken}. Under each stands what to try.`));
  else if (warnings > 0) say(`Nothing is broken; warnings: ${warnings}.`);
  else say(`${paint('green', 'Nothing is broken.')} What needs you: npx roundsman status`);
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
