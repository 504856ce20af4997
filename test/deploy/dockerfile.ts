/** Reads a Dockerfile as a list of steps: lines that end with a backslash go on, comments are left out. */
export interface Step {
  /** in capitals, as FROM */
  instruction: string;
  rest: string;
}

export function readDockerfile(text: string): Step[] {
  const lines = text
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('#'))
    .join('\n')
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '');
  return lines.map((line) => {
    const [, instruction, rest] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    if (!instruction) throw new Error(`this line of the Dockerfile is no step: ${line}`);
    return { instruction, rest: rest!.trim() };
  });
}
