/** Where an error comes from, in the sources: commands may run from a bundle (src/bin/bundle.js). */
import { readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';

const place = /(file:\/\/[^\s()]+\.js):(\d+):(\d+)/;

/**
 * The lines of a stack below the message, each with the place in the source that its module was made of. A line stays as
 * it is where its module is not a bundle, or its map cannot be read.
 */
export const inSources = (lines: string[]): string[] => {
  const maps = new Map<string, SourceMap | null>();
  return lines.map((line) =>
    line.replace(place, (whole, file: string, row: string, column: string) => {
      if (!maps.has(file)) maps.set(file, mapOf(file));
      const origin = maps.get(file)?.findOrigin(Number(row), Number(column));
      if (!origin || !('fileName' in origin)) return whole;
      const source = new URL(origin.fileName, file).href;
      return `${source}:${origin.lineNumber}:${origin.columnNumber}`;
    }),
  );
};

function mapOf(file: string): SourceMap | null {
  try {
    const text = readFileSync(new URL(`${file}.map`), 'utf8');
    return new SourceMap(JSON.parse(text) as SourceMapPayload);
  } catch {
    return null;
  }
}
