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

  /** Behind `help`, a name that no command has is refused with the nearest one; Commander shows the whole help. */
  override help(context?: HelpContext | ((text: string) => string)): never {
    const [word, name] = this.args;
    const isRefused = typeof context === 'object' && context.error;
    if (!isRefused || word !== 'help' || name === undefined)
      return super.help(context as HelpContext);
    const [meant] = nearest(
      name,
      this.commands.map((each) => each.name()),
    );
    this.error(`error: unknown command '${name}'${meant ? `\n(Did you mean ${meant}?)` : ''}`);
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
