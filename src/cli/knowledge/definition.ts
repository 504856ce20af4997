/** The content of an entry of knowledge, from options. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { decoded } from '../../ground/encoding.ts';
import { messageOf } from '../../ground/errors.ts';
import { noFile } from '../../ground/files/no-file.ts';
import type { KnowledgeDefinition } from '../../services/knowledge/definition.ts';
import {
  maxBytes,
  tooLong,
  unusable,
  type GivenSolution,
} from '../../services/knowledge/solution.ts';

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
  solution: solutionGiven(solution, solutionFile),
});

function solutionGiven(text?: string, file?: string): GivenSolution | undefined {
  if (file !== undefined)
    return {
      place: nameOf(file),
      isMeantAsPlaybook: /\.ya?ml$/i.test(file),
      text: () => textOf(file),
    };
  if (text === undefined) return undefined;
  return { place: '--solution', isMeantAsPlaybook: false, text: () => text };
}

const nameOf = (file: string): string => (file === '-' ? 'standard input' : file);

/** The text of a file, or standard input for `-`. */
async function textOf(file: string): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    const why = file === '-' ? null : noFile(await stat(file));
    if (why !== null) throw new Error(why);
    for await (const chunk of file === '-' ? process.stdin : createReadStream(file)) {
      chunks.push(chunk as Buffer);
      bytes += (chunk as Buffer).length;
      if (bytes > maxBytes) break;
    }
  } catch (error) {
    throw unusable(nameOf(file), messageOf(error), error);
  }
  if (bytes > maxBytes) throw tooLong(nameOf(file));
  const text = decoded(Buffer.concat(chunks));
  if ('why' in text) throw unusable(nameOf(file), text.why);
  return text.text;
}
