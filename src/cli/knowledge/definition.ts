/** The content of an entry of knowledge, from options. */
import type { KnowledgeDefinition } from '../../services/knowledge/definition.ts';
import { maxBytes, unusable, type GivenSolution } from '../../services/knowledge/solution.ts';
import { nameOf, textOf } from '../terminal/file-text.ts';

export interface DefinitionOptions extends Omit<KnowledgeDefinition, 'solution'> {
  solution?: string;
  solutionFile?: string;
  yes?: true;
  as?: string;
  json?: true;
}

export const definitionOf = ({
  solution,
  solutionFile,
  as: _,
  json: __,
  yes: ___,
  ...rest
}: DefinitionOptions): KnowledgeDefinition => ({
  ...rest,
  solution: solutionOf(solution, solutionFile),
});

function solutionOf(text?: string, file?: string): GivenSolution | undefined {
  if (file !== undefined)
    return {
      place: nameOf(file),
      isMeantAsPlaybook: /\.ya?ml$/i.test(file),
      text: () => textOf(file, maxBytes, unusable),
    };
  if (text === undefined) return undefined;
  return { place: '--solution', isMeantAsPlaybook: false, text: () => text };
}
