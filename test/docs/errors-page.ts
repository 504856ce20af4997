/** Writes docs/errors.md from the error classes in the source. */
import { errorClasses, exitCodesOf, makersOf, retryableOf } from './error-classes.ts';
import { code, table } from './markdown.ts';

const intro = `# Errors

What Roundsman throws on purpose extends \`RoundsmanError\` (\`src/ground/errors.ts\`) and says three things: what could not
be done, why, and what to try next. A command prints them and ends with the error's exit code ([cli.md](cli.md)); code that
catches one reads \`what\`, \`why\`, \`hint\`, \`exitCode\` and \`retryable\`. \`npm run docs\` writes this page from the classes
and their comments: change them, not the page.

- *later* says whether the same call can succeed later without a change by a person (\`retryable\`). \`some\`: the error
  itself says it, as of a row that another transaction has just changed.
- *made in* names the files that make the error, or their folders where they are many.
- An error of PostgreSQL, Redis or the network that has no class here is told in the same three parts, with exit code 1.
  What is printed with a stack is a defect of Roundsman.
- Classes that extend \`Error\` alone, such as \`SkippedCheck\` and \`NotAppliedError\`, are signals between bots and parts of
  the engine, and are not in this table.
`;

const maxFiles = 3;

/** The folder of a file, down to the second level: `src/services`. */
const folderOf = (path: string): string => path.split('/').slice(0, 2).join('/');

function makers(files: string[]): string {
  const named = files.length > maxFiles ? [...new Set(files.map(folderOf))] : files;
  return named.map(code).join(', ');
}

export const errorsPage = (): string =>
  [
    intro.trimEnd(),
    ...table(
      ['error', 'exit code', 'later', 'made in', 'meaning'],
      errorClasses.map((each) => [
        code(each.name),
        exitCodesOf(each).join(' or '),
        retryableOf(each),
        makers(makersOf(each)),
        each.meaning,
      ]),
    ),
    '',
  ].join('\n');
