import { Command, InvalidArgumentError, Option } from 'commander';
import { printable } from '../../ground/text.ts';
import type {
  ErrorLogFormat,
  ImportResult,
  OpenedLog,
  TimeUnit,
} from '../../services/import/log.ts';
import { actorOf } from '../arguments/actor.ts';
import { withDatabase } from '../session/database.ts';
import { progressOf } from '../terminal/progress.ts';
import { duration, facts, json, say, span, time } from '../terminal/print.ts';

interface Options {
  shiftToNow?: true;
  json?: true;
}
interface AccessOptions extends Options {
  timeUnit?: TimeUnit;
}
interface ErrorOptions extends Options {
  format: ErrorLogFormat;
  utcOffset?: string;
}

/** `roundsman import access-log FILE`, `roundsman import error-log FILE` */
export function importCommand(): Command {
  const command = new Command('import').description('read logs into the platform, all or nothing');

  logCommand(command, 'access-log', 'combined or common format, into api_logs')
    .addOption(
      new Option(
        '--time-unit <unit>',
        'the last field after the agent is the response time, in',
      ).choices(['us', 'ms', 's']),
    )
    .action(async (file: string, options: AccessOptions) => {
      const { openAccessLog } = await import('../../services/import/log.ts');
      const { timeUnit } = options;
      await importFile(await openAccessLog(file, { timeUnit }), options);
    });

  logCommand(command, 'error-log', 'one message a line, into error_logs')
    .addOption(
      new Option('--format <format>', 'how lines are written')
        .choices(['apache', 'syslog', 'plain'])
        .default('plain'),
    )
    .option('--utc-offset <±hh:mm>', 'of times without a zone (default: UTC)', utcOffset)
    .action(async (file: string, options: ErrorOptions) => {
      const { openErrorLog } = await import('../../services/import/log.ts');
      const { format, utcOffset } = options;
      await importFile(await openErrorLog(file, { format, utcOffset }), options);
    });

  return command;
}

const logCommand = (parent: Command, name: string, description: string): Command =>
  parent
    .command(name)
    .description(description)
    .argument('<file>', 'the log; .gz is unpacked, - is standard input')
    .option('--shift-to-now', 'move all times by one distance, so that the newest line is now')
    .option('--json', 'print one JSON document');

function utcOffset(text: string): string {
  if (/^[+-](?:0\d|1[0-5]):?[0-5]\d$/.test(text)) return text;
  throw new InvalidArgumentError('It looks like +02:00.');
}

/** The log is opened before the database, so that a wrong path is reported at once. */
async function importFile(log: OpenedLog, options: Options): Promise<void> {
  const began = performance.now();
  try {
    const result = await withDatabase(async ({ url }) => {
      const progress = progressOf(log.size);
      try {
        const shiftToNow = options.shiftToNow ?? false;
        const onProgress = (bytes: number, lines: number) =>
          progress.draw(
            bytes,
            `${megabytes(bytes)}  ${count(lines)} ${lines === 1 ? 'line' : 'lines'}`,
          );
        return await log.importInto({ url, actor: actorOf() }, { shiftToNow, onProgress });
      } finally {
        progress.clear();
      }
    });
    if (options.json) json(result);
    else print(log.name, result, Math.round(performance.now() - began));
  } finally {
    await log.close();
  }
}

function print(name: string, result: ImportResult, tookMs: number): void {
  const { table, imported, malformed, cut, first, last, shifted_ms: shift } = result;
  if (imported === 0) return say(`Nothing to import: ${name} has no lines.`);
  facts([
    ['imported', `${count(imported)} into ${table}`],
    ['malformed', malformed.count ? `${count(malformed.count)}, left out` : null],
    ['cut', cut ? `${count(cut)}, to the 255 characters that a path may have` : null],
    ['times', `${time(first)} to ${time(last)} UTC`],
    ['shifted', shift === null ? null : `by ${span(shift)} ${shift < 0 ? 'back' : 'forward'}`],
    ['took', duration(tookMs)],
  ]);
  for (const { line, why } of malformed.lines) say(`  line ${line}: ${printable(why)}`);
  const more = malformed.count - malformed.lines.length;
  if (more > 0) say(`  and ${count(more)} more`);
}

const count = (value: number): string => value.toLocaleString('en');
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
