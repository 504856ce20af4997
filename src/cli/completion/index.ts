import { Argument, type Command as Commander } from 'commander';
import { Command } from '../arguments/command.ts';
import { shells } from './scripts.ts';

/** `roundsman completion` */
export function completionCommand(): Command {
  return new Command('completion')
    .description('a script with which a shell completes commands, options, ids and names at Tab')
    .example('npx roundsman completion bash')
    .addArgument(new Argument('<shell>', 'which shell').choices(shells))
    .argument(
      '[words...]',
      'what is typed so far, after --: prints what may come next; the script calls this',
    )
    .action(async (shell, words: string[], _, command: Commander) => {
      const { printScript, printWords } = await import('./print.ts');
      if (words.length === 0) return printScript(shell);
      await printWords(command.parent!, words);
    });
}
