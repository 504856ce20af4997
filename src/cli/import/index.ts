import { InvalidArgumentError, Option } from 'commander';
import { UsageError } from '../../ground/errors.ts';
import { printable, withCommas } from '../../ground/text.ts';
import type { ImportResult, OpenedLog, TimeUnit } from '../../services/import/log.ts';
import { actorOf } from '../arguments/actor.ts';
import { Command } from '../arguments/command.ts';
import { withDatabase } from '../session/database.ts';
import { progressOf } from '../terminal/progress.ts';
import { duration, facts, printJson, say, span, time } from '../terminal/print.ts';

interface Options {
  format?: string;
  timeZone?: string;
  shiftToNow?: true;
  again?: true;
  json?: true;
}
interface AccessOptions extends Options {
  timeUnit?: TimeUnit;
}
interface ErrorOptions extends Options {
  utcOffset?: string;
  time?: 'now';
}

/** `roundsman import access-log FILE`, `roundsman import error-log FILE` */
export function importCommand(): Command {
  const command = new Command('import').description('read logs into the platform, all or nothing');

  logCommand(command, 'access-log', 'requests, into api_logs')
    .example('npx roundsman import access-log access.log.gz')
    .example('npx roundsman import access-log access.log --shift-to-now')
    .addOption(
      new Option(
        '--time-unit <unit>',
        'the unit of the response time, which is the last field after the agent',
      ).choices(['us', 'ms', 's']),
    )
    .action(async (file: string, options: AccessOptions) => {
      const { openAccessLog } = await import('../../services/import/log.ts');
      await importFile(await openAccessLog(file, options), options);
    });

  logCommand(command, 'error-log', 'messages, into error_logs')
    .example('npx roundsman import error-log error.log --time-zone Europe/Berlin')
    .addOption(
      new Option(
        '--time <when>',
        'give the present time to lines in which no time is found',
      ).choices(['now']),
    )
    .addOption(
      new Option('--utc-offset <offset>', 'the same as --time-zone, as in +02:00 or -05:00')
        .conflicts('timeZone')
        .argParser(utcOffset),
    )
    .action(async (file: string, options: ErrorOptions) => {
      const { openErrorLog } = await import('../../services/import/log.ts');
      const timeZone = options.timeZone ?? options.utcOffset;
      await importFile(await openErrorLog(file, { ...options, timeZone }), options);
    });

  return command;
}

const logCommand = (parent: Command, name: string, description: string): Command =>
  parent
    .command(name)
    .description(description)
    .argument('<file>', 'the log; gzip and zstd are unpacked, - is standard input', notEmpty)
    .option('--format <name>', 'how lines are written (what the first lines say; docs/logs.md)')
    .option(
      '--time-zone <zone>',
      'the zone of times that name none, as in Europe/Berlin or +02:00 (UTC)',
    )
    .option('--shift-to-now', 'move all times by the same amount, so that the newest line is now')
    .option('--again', 'import all of it, also what was imported before')
    .option('--json', 'print one JSON document');

function notEmpty(file: string): string {
  if (file.trim()) return file;
  throw new UsageError({
    what: 'the name of the log is empty',
    why: 'an empty text names no file; a variable that is not set gives one',
    hint: 'write its path; - stands for standard input',
  });
}

function utcOffset(text: string): string {
  if (/^[+-](?:0\d|1[0-5]):?[0-5]\d$/.test(text)) return text;
  throw new InvalidArgumentError('It looks like +02:00.');
}

/** The log is opened before the database, so that a wrong path is reported at once. */
async function importFile(
  log: OpenedLog,
  options: Options & Pick<ErrorOptions, 'time'>,
): Promise<void> {
  const began = performance.now();
  try {
    const result = await withDatabase(async ({ url }) => {
      const progress = progressOf(log.size);
      try {
        const wanted = {
          shiftToNow: options.shiftToNow ?? false,
          untimed: options.time === 'now',
          again: options.again ?? false,
        };
        const onProgress = (bytes: number, lines: number) =>
          progress.draw(
            bytes,
            `${megabytes(bytes)}  ${withCommas(lines)} ${lines === 1 ? 'line' : 'lines'}`,
          );
        return await log.importInto({ url, actor: actorOf() }, { ...wanted, onProgress });
      } finally {
        progress.clear();
      }
    });
    if (options.json) printJson(result);
    else print(log.name, result, Math.round(performance.now() - began));
  } finally {
    await log.close();
  }
}

function print(name: string, result: ImportResult, tookMs: number): void {
  const { table, imported, malformed, cut, joined, first, last, shifted_ms: shift } = result;
  if (imported === 0) return say(`Nothing to import: ${name} has no lines.`);
  facts([
    ['imported', `${withCommas(imported)} into ${table}`],
    [
      'known',
      result.known
        ? `${withCommas(result.known)} ${result.known === 1 ? 'line was' : 'lines were'} imported before`
        : null,
    ],
    ['read as', result.format],
    [
      'joined',
      joined ? `${withCommas(joined)} to ${joinedInto[table]} that they are a part of` : null,
    ],
    ['malformed', malformed.count ? `${withCommas(malformed.count)}, left out` : null],
    ['cut', cut ? `${withCommas(cut)}, ${cutTo[table]}` : null],
    ['times', `${time(first)} to ${time(last)}`],
    ['zone', zoneInWords(result)],
    ['years', result.years_assumed ? yearsInWords(result) : null],
    ['ahead', aheadInWords(result)],
    ['shifted', shift === null ? null : `by ${span(shift)} ${shift < 0 ? 'back' : 'forward'}`],
    ['took', duration(tookMs)],
  ]);
  for (const { line, why } of malformed.lines) say(`  line ${line}: ${printable(why)}`);
  const more = malformed.count - malformed.lines.length;
  if (more > 0) say(`  and ${withCommas(more)} more`);
}

const joinedInto: Record<string, string> = { api_logs: 'the request', error_logs: 'the message' };

const cutTo: Record<string, string> = {
  api_logs: 'to the 255 characters that a path may have',
  error_logs: 'that would have made a message longer than 64 KiB',
};

/** The zone of times that name none; null where each line names its zone. */
function zoneInWords({ time_zone: zone, time_zone_given: isGiven }: ImportResult): string | null {
  if (zone === null) return null;
  return isGiven
    ? `${zone}, for times that name none`
    : `${zone} is assumed: times name none, and --time-zone gives one`;
}

/** Longer than most logs: a line whose year is not the right one is far from the others. */
const longestLogMs = 300 * 86_400_000;

function yearsInWords({ first, last }: ImportResult): string {
  const spanMs = first && last ? last.getTime() - first.getTime() : 0;
  const assumed = 'the latest ones are assumed: dates name none';
  return spanMs > longestLogMs
    ? `${assumed}, and the times span ${span(spanMs)}: look at them`
    : assumed;
}

/** By how much the newest time is in the future; null where it is not. */
function aheadInWords({
  ahead_ms: ahead,
  time_zone: zone,
  time_zone_given: isGiven,
}: ImportResult): string | null {
  if (ahead === null) return null;
  const said = `the newest time is ${span(ahead)} after the database's clock`;
  return zone !== null && !isGiven ? `${said}: --time-zone says which zone times are of` : said;
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
