/** Says in which line of a project's file something is, for messages. */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A line of a file, from 1; null where it is not known. */
export interface Place {
  file: string;
  line: number | null;
}

/** How much of a stack is searched at its beginning, and at its end, where the frames are: the message between may be of any length. */
const maxPart = 10_000;

const pathOf = (address: string): string | null => {
  try {
    return address.startsWith('file:') ? fileURLToPath(address) : address;
  } catch {
    return null;
  }
};

/**
 * Where an error of loading `file` happened: in that file, or in one that it imports. Node names the place of an error of syntax in the
 * first line of the stack, and that of others in its frames.
 *
 * @param root the folder of the project: a frame of another place says nothing to its author
 */
export function placeOf(error: unknown, { file, root }: { file: string; root: string }): Place {
  const whole = error instanceof Error ? String(error.stack) : '';
  const stack =
    whole.length > 2 * maxPart ? `${whole.slice(0, maxPart)}\n${whole.slice(-maxPart)}` : whole;
  const [head] = /^(?:file:\/\/\S+|\/[^\n]*):\d+(?=\n)/.exec(stack) ?? [];
  const frames = [...stack.matchAll(/(file:\/\/[^\s()]+|\/[^\n()]+):(\d+):\d+\)?$/gm)].map(
    ([, address, line]) => `${address}:${line}`,
  );
  for (const found of [...(head ? [head] : []), ...frames]) {
    const [, address, line] = /^(.*):(\d+)$/s.exec(found)!;
    const path = pathOf(address!);
    if (path !== null && isBelow(path, root)) return { file: path, line: Number(line) };
  }
  // An import that leads nowhere has no line in Node's message: the line that writes its name.
  const [, missing] = /Cannot find (?:package|module) '([^']+)'/.exec(String(error)) ?? [];
  const [, importer] = /imported from (\S[^\n]*)$/m.exec(String(error)) ?? [];
  const from = importer && isBelow(importer, root) ? importer : file;
  const name = missing?.split('/').at(-1);
  return {
    file: from,
    line: name ? lineOf(from, new RegExp(`['"][^'"]*${literal(name)}['"]`)) : null,
  };
}

const isBelow = (path: string, root: string): boolean => path.startsWith(`${root}/`);

const literal = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

/** The first line of the file in which the pattern is found; null without one. */
export function lineOf(file: string, pattern: RegExp): number | null {
  try {
    const at = readFileSync(file, 'utf8').search(pattern);
    return at < 0 ? null : readFileSync(file, 'utf8').slice(0, at).split('\n').length;
  } catch {
    return null;
  }
}

/** The line in which a bot, a remedy or an entry of knowledge gets this name; null where it is not written out. */
export const lineOfName = (file: string, name: string): number | null =>
  lineOf(file, new RegExp(`\\bname\\s*:\\s*(['"\`])${literal(name)}\\1`));

/** The line that exports this name. */
export const lineOfExport = (file: string, name: string): number | null =>
  lineOf(
    file,
    name === 'default'
      ? /^[ \t]*export\s+default\b/m
      : new RegExp(
          `^[ \\t]*export\\s+(?:const|let|var|class|function|async function)\\s+${literal(name)}\\b`,
          'm',
        ),
  );

/** `bots/hello.ts:12`, as seen from the folder of the project. */
export const placeInWords = ({ file, line }: Place, root: string): string => {
  const path = isBelow(file, root) ? relative(root, file) : file;
  return line === null ? path : `${path}:${line}`;
};
