import { Command as Commander, type HelpContext } from 'commander';
import { nearest } from '../../ground/nearest.ts';

/** A command of `roundsman`, whose help ends with examples. All commands are made of this class. */
export class Command extends Commander {
  readonly examples: string[] = [];

  constructor(name?: string) {
    super(name);
    this.addHelpText('after', () =>
      this.examples.length === 0
        ? ''
        : ['', 'Examples:', ...this.examples.map((line) => `  ${line}`)].join('\n'),
    );
  }

  override createCommand(name?: string): Command {
    return new Command(name);
  }

  /**
   * `help bots list` shows the help of `bots list`, and after `help` an unknown name is refused with the nearest one. Commander
   * alone reads only the first name, and for an unknown one it shows the whole help.
   */
  override help(context?: HelpContext | ((text: string) => string)): never {
    const isRefused = typeof context === 'object' && context.error === true;
    const [word, ...names] = (isRefused ? this : this.parent)?.args ?? [];
    if (word !== 'help' || names.length === 0) return super.help(context as HelpContext);
    const path = isRefused ? names : names.slice(1);
    return this.#helpFor(path.filter((each) => !each.startsWith('-')));
  }

  /**
   * Beside `--help`, what is misspelt is refused, as it is without: Commander prints the help of the group instead, in which a
   * person would have to find out why they got another help than they asked for. Arguments of a command may be anything.
   */
  override outputHelp(context?: HelpContext | ((text: string) => string)): void {
    const asks = (word: string) => word === '--help' || word === '-h';
    if (!this.args.some(asks) || (typeof context === 'object' && context.error))
      return super.outputHelp(context as HelpContext);
    const words = this.args.filter((word) => !asks(word));
    const odd = words.find((word) => /^-./.test(word));
    if (odd !== undefined) this.#refuse(`option '${odd}'`);
    // What is asked of Commander's own `help` is answered by help().
    if (
      words.length === 0 ||
      this.commands.length === 0 ||
      words[0] === 'help' ||
      this.#takes(words[0]!)
    )
      return super.outputHelp();
    this.args = [];
    return this.#helpFor(words);
  }

  /** Shows the help of the subcommand that these names lead to, and ends the process. The words after a command without subcommands are its arguments. */
  #helpFor([name, ...rest]: readonly string[]): never {
    if (name === undefined || this.commands.length === 0 || name === 'help' || this.#takes(name))
      return super.help();
    const below = this.commands.find(
      (each) => each.name() === name || each.aliases().includes(name),
    );
    if (below instanceof Command) return below.#helpFor(rest);
    const [meant] = nearest(
      name,
      this.commands.map((each) => each.name()),
    );
    return this.#refuse(`command '${name}'${meant ? `\n(Did you mean ${meant}?)` : ''}`);
  }

  /** Whether this word is an argument of this command, which has subcommands beside its arguments. */
  #takes(word: string): boolean {
    return (
      this.registeredArguments.length > 0 &&
      !this.commands.some((each) => each.name() === word || each.aliases().includes(word))
    );
  }

  /** Refuses what was typed where help was asked for: to add --help would be no advice. The error itself says what to try. */
  #refuse(unknown: string): never {
    this.showHelpAfterError(false);
    this.error(`error: unknown ${unknown}`);
  }

  /**
   * A command line as a person types it, `npx roundsman bots run ledger --wait`: `--help` and docs/cli.md show it, and a test
   * checks that the command accepts it. Each command has one to three, each for a different use.
   */
  example(line: string): this {
    this.examples.push(line);
    return this;
  }
}
