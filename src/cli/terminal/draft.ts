/**
 * A text that a person has written for a command, and that is not stored in a row yet. It lies in a file that this account alone may read,
 * in a directory of the account's own, until the command has succeeded: what took an hour to write outlives a change that
 * another person made first, a server that is gone, and a signal.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { RoundsmanError } from '../../ground/errors.ts';
import { isOwnDirectory } from '../../ground/files/own-directory.ts';
import { printable } from '../../ground/text.ts';
import { note } from './print.ts';
import { shellWord } from '../../ground/files/shell-word.ts';

/** SIGHUP is left out: the terminal on which the path could be shown is gone then. */
const endingSignals = ['SIGINT', 'SIGTERM'] as const;

/** Where drafts may stay; null where the account has no home. */
function draftsPath(): string | null {
  const { XDG_STATE_HOME: given } = process.env;
  try {
    const states = given && isAbsolute(given) ? given : join(homedir(), '.local', 'state');
    return join(states, 'roundsman', 'drafts');
  } catch {
    return null;
  }
}

export class Draft {
  readonly #howToReuse: (file: string) => string;
  /** holds this text alone, so that an editor may put files beside it */
  #folder: string | null = null;
  /** the folder lies in a directory of this account's own */
  #mayStay = false;
  /** a person gave the file, and knows where it is */
  #isAdopted = false;
  /** what is being typed, until it is entered */
  #typing: (() => string) | null = null;
  /** what was typed, where no file has it */
  #typed = '';
  #isKeptAnyway = false;

  /** `howToReuse` says how the text is given to the command from a file. */
  constructor(howToReuse: (file: string) => string) {
    this.#howToReuse = howToReuse;
  }

  get #path(): string {
    return join(this.#folder!, 'text.md');
  }

  /** The path of an empty file for an editor. Throws the system's error where none can be made. */
  file(): string {
    const drafts = draftsPath();
    // In a shared directory another user might read the text, or put another one in its place: there it does not stay.
    this.#mayStay = drafts !== null && isOwnDirectory(drafts);
    this.#folder = mkdtempSync(
      this.#mayStay ? join(drafts!, 'draft-') : join(tmpdir(), 'roundsman-'),
    );
    process.once('exit', this.#atExit);
    writeFileSync(this.#path, '', { mode: 0o600, flag: 'wx' });
    return this.#path;
  }

  /** Keeps a text that was typed, and returns it. */
  keep(text: string): string {
    this.#typed = text;
    this.guard();
    try {
      writeFileSync(this.file(), `${text}\n`);
    } catch {
      // No room, or no place: it is printed if the command fails.
      this.#remove();
    }
    return text;
  }

  /**
   * Keeps the text that is being typed, too, where a signal ends the process, or where the person leaves the question. The function
   * that it returns ends this.
   */
  watch(typing: () => string): (isLeft: boolean) => void {
    this.#typing = typing;
    this.guard();
    return (isLeft) => {
      if (isLeft) this.#keepTyping();
      this.#typing = null;
    };
  }

  #keepTyping(): void {
    const text = this.#typing?.().trim();
    this.#typing = null;
    if (text) this.keep(text);
  }

  /** A file that is given and was kept before is removed after success. */
  adopt(file: string): void {
    const folder = dirname(resolve(file));
    if (basename(file) !== 'text.md' || dirname(folder) !== draftsPath()) return;
    this.#folder = folder;
    this.#isAdopted = true;
  }

  /** From now on, a signal that ends the process prints where the text is. To be called again after an editor has run. */
  guard(): void {
    for (const signal of endingSignals)
      process.off(signal, this.#onSignal).on(signal, this.#onSignal);
  }

  /** Keeps the text although the command does not fail, because it was not stored everywhere it was meant for. */
  keepAnyway(): void {
    this.#isKeptAnyway = true;
  }

  /** Does one of several things with the text; if that fails, the text is kept. */
  async keepOnFailure<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      this.keepAnyway();
      throw error;
    }
  }

  /** To be called after success, when the text is stored. */
  conclude(): void {
    if (this.#isKeptAnyway) this.tell();
    else this.#remove();
    this.#stopListening();
  }

  /** To be called after a failure: says where the text is; null where there is none. Prints a text that no file may keep. */
  whereKept(): string | null {
    this.#stopListening();
    if (this.#isAdopted) return null;
    if (this.#isEmpty()) {
      this.#remove();
      return null;
    }
    if (this.#folder !== null && this.#mayStay)
      return `what was written is kept: ${this.#howToReuse(shellWord(this.#path))}`;
    const text = this.#folder === null ? this.#typed : readFileSync(this.#path, 'utf8');
    process.stderr.write(`${text.trimEnd().split('\n').map(printable).join('\n')}\n`);
    this.#remove();
    return 'what was written is printed above: there is no directory of yours alone to keep it in';
  }

  tell(): void {
    const where = this.whereKept();
    if (where !== null) note(where);
  }

  /** An editor's own files beside the text, such as one to recover from, are kept, too. */
  #isEmpty(): boolean {
    if (this.#folder === null) return this.#typed === '';
    try {
      return readdirSync(this.#folder).every(
        (name) => name === 'text.md' && readFileSync(this.#path, 'utf8').trim() === '',
      );
    } catch {
      return true;
    }
  }

  #remove(): void {
    if (this.#folder !== null) rmSync(this.#folder, { recursive: true, force: true });
    this.#folder = null;
  }

  #stopListening(): void {
    process.off('exit', this.#atExit);
    for (const signal of endingSignals) process.off(signal, this.#onSignal);
  }

  readonly #atExit = (): void => this.tell();

  readonly #onSignal = (signal: NodeJS.Signals): void => {
    this.#keepTyping();
    // `tell` removes this listener, so that the signal now ends the process as without a draft.
    this.tell();
    process.kill(process.pid, signal);
  };
}

/**
 * Runs what stores a text. If it fails, the text is kept, and the error's hint says where; after success it is removed. `howToReuse`
 * says how the text is given to the command from a file.
 */
export async function withDraft<Result>(
  howToReuse: (file: string) => string,
  work: (draft: Draft) => Promise<Result>,
): Promise<Result> {
  const draft = new Draft(howToReuse);
  try {
    const result = await work(draft);
    draft.conclude();
    return result;
  } catch (error) {
    const where = draft.whereKept();
    if (where === null) throw error;
    if (error instanceof RoundsmanError)
      throw Object.assign(error, { hint: `${error.hint}; ${where}` });
    note(where);
    throw error;
  }
}
