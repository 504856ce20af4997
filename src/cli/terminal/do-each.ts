/** What a command does to one row or to several that a person names, each by itself. */
import { exitCodes, RoundsmanError } from '../../ground/errors.ts';
import { printable } from '../../ground/text.ts';
import { note, printError, printJson } from './print.ts';
import { InterruptedError, TerminalClosedError } from './unanswered.ts';

/** The rest of the work on one row. It is awaited only after the work on every row has begun. */
type Finish<Row> = () => Promise<Row | undefined>;

interface Output {
  /** whether rows are printed as data at the end, instead of a line about each */
  json?: boolean | undefined;
  /** how that data is printed; as JSON unless given */
  print?: (document: unknown) => void;
}

interface EachRow<Row, Asked> {
  /** Finds the id of the row with this name; a row that is named twice is recognised by it. Throws if there is none. */
  idOf: (name: string) => Promise<string>;
  /** asked once, before the first row is changed */
  ask?: () => Promise<Asked>;
  /**
   * Acts on the row, and tells the person unless the result is JSON. Returns what `--json` prints; undefined if the person
   * said no.
   */
  act: (name: string, asked: Asked) => Promise<Row | Finish<Row> | undefined>;
}

/** What `--json` prints in place of a row that failed, beside others. */
export class FailedRow {
  readonly given: string;
  readonly error: { what: string; why: string; hint: string };

  constructor(given: string, { what, why, hint }: RoundsmanError) {
    this.given = given;
    this.error = { what, why, hint };
  }
}

/** Sets the exit code with which the process will end, unless a higher (worse) one is set already. */
export function raiseExitCode(code: number): void {
  process.exitCode = Math.max(code, Number(process.exitCode ?? exitCodes.ok));
}

/**
 * Acts on each row, in the given order. If several are named, the error of one is printed on standard error and the others go
 * on; the exit code is the worst. If one alone is named, its error is thrown. `--json` prints an object for one, and an array
 * for several, with a {@link FailedRow} for each that failed. Ctrl-C at a question stops all.
 */
export async function doEach<Row, Asked = undefined>(
  given: readonly string[],
  { json: isJson, print: printData = printJson }: Output,
  { idOf, ask, act }: EachRow<Row, Asked>,
): Promise<void> {
  const askOnce = async () => (await ask?.()) as Asked;
  if (given.length === 1) {
    const [name] = given as [string];
    if (ask) await idOf(name);
    const row = await finished(await act(name, await askOnce()));
    if (isJson && row !== undefined) printData(row);
    return;
  }
  const results: unknown[] = [];
  const attempt = async <Done>(name: string, index: number, work: () => Promise<Done>) => {
    try {
      return await work();
    } catch (error) {
      const endsAll = error instanceof InterruptedError || error instanceof TerminalClosedError;
      if (!(error instanceof RoundsmanError) || endsAll) throw error;
      raiseExitCode(printError(error, null));
      results[index] = new FailedRow(name, error);
      return undefined;
    }
  };
  const printResults = () => printData(results.filter((each) => each !== undefined));
  try {
    const found = await findAll(given, (name, index) => attempt(name, index, () => idOf(name)));
    const asked = found.length > 0 ? await askOnce() : (undefined as Asked);
    const begun: Finish<Row>[] = [];
    for (const { name, index } of found) {
      const result = await attempt(name, index, () => act(name, asked));
      if (!isFinish(result)) results[index] ??= result;
      else begun.push(async () => (results[index] ??= await attempt(name, index, result)) as Row);
    }
    for (const finish of begun) await finish();
  } catch (error) {
    // If an error ends the whole command, what was done before it is printed.
    if (isJson && results.length > 0) printResults();
    throw error;
  }
  if (isJson) printResults();
}

const isFinish = <Row>(result: Row | Finish<Row> | undefined): result is Finish<Row> =>
  typeof result === 'function';

const finished = async <Row>(result: Row | Finish<Row> | undefined): Promise<Row | undefined> =>
  isFinish(result) ? result() : result;

/** The rows that exist, each once, with their places in the list. */
async function findAll(
  given: readonly string[],
  idOf: (name: string, index: number) => Promise<string | undefined>,
): Promise<{ name: string; index: number }[]> {
  const names = new Map<string, string>();
  const found: { name: string; index: number }[] = [];
  for (const [index, name] of given.entries()) {
    const id = await idOf(name, index);
    if (id === undefined) continue;
    const before = names.get(id);
    if (before === undefined) {
      names.set(id, name);
      found.push({ name, index });
    } else
      note(
        before === name
          ? `${printable(name)} is named twice: it is taken once`
          : `${printable(name)} is ${printable(before)}, which is named already: it is taken once`,
      );
  }
  return found;
}
