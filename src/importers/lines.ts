/** From the bytes of a text to its lines. */

/** The longest line that is read, in bytes. */
export const longestLine = 64 * 1024;

const [lineFeed, carriageReturn] = [10, 13];
const nothing = Buffer.alloc(0);

/**
 * Cuts bytes into lines and holds no more than one line, however long the input is. Lines end with \n or \r\n; with \r
 * in a text whose beginning has no other end. Each method returns the lines that have ended, without their ends; null
 * for one that is too long.
 */
export class Lines {
  #rest: Buffer = nothing;
  #tooLong = false;
  #end: 'not known' | '\n' | '\r' = 'not known';

  /** Whether the bytes so far end within a line. */
  get isInLine(): boolean {
    return this.#rest.length > 0 || this.#tooLong;
  }

  /** `telling`: bytes that the chunk is a part of, where more of them are known. */
  push(chunk: Buffer, telling = chunk): (string | null)[] {
    if (this.#end === 'not known') this.#end = endOf(telling);
    const last =
      this.#end === '\r'
        ? Math.max(chunk.lastIndexOf(carriageReturn), chunk.lastIndexOf(lineFeed))
        : chunk.lastIndexOf(lineFeed);
    if (last === -1) {
      this.#keep(chunk);
      return [];
    }
    const lines: (string | null)[] = [];
    let start = 0;
    if (this.#tooLong) {
      lines.push(null);
      start = this.#firstEnd(chunk) + 1;
    }
    const body = chunk.subarray(start, last);
    const whole = this.#rest.length === 0 ? body : Buffer.concat([this.#rest, body]);
    if (start <= last)
      for (const line of this.#cut(whole.toString('utf8'))) lines.push(lineOf(line));
    this.#rest = nothing;
    this.#tooLong = false;
    this.#keep(chunk.subarray(last + 1));
    return lines;
  }

  /** What follows the last end of a line. */
  end(): (string | null)[] {
    if (this.#tooLong) return [null];
    return this.#rest.length === 0 ? [] : this.#cut(this.#rest.toString('utf8')).map(lineOf);
  }

  #firstEnd(chunk: Buffer): number {
    const ends = this.#end === '\r' ? [lineFeed, carriageReturn] : [lineFeed];
    return Math.min(...ends.map((end) => chunk.indexOf(end)).filter((at) => at !== -1));
  }

  #cut(text: string): string[] {
    return this.#end === '\r' ? text.split(/\r\n?|\n/) : text.split('\n');
  }

  #keep(bytes: Buffer): void {
    // A log that was emptied while its program wrote on begins with NULs, as many as it had bytes.
    const kept = this.#rest.length === 0 && !this.#tooLong ? withoutNuls(bytes) : bytes;
    if (kept.length === 0) return;
    this.#tooLong ||= this.#rest.length + kept.length > longestLine;
    this.#rest = this.#tooLong
      ? nothing
      : this.#rest.length === 0
        ? kept
        : Buffer.concat([this.#rest, kept]);
  }
}

/** `\r` only where the bytes have no \n, and it is not the first half of an end that is cut in two. */
function endOf(chunk: Buffer): 'not known' | '\n' | '\r' {
  if (chunk.includes(lineFeed)) return '\n';
  const at = chunk.indexOf(carriageReturn);
  return at !== -1 && at < chunk.length - 1 ? '\r' : 'not known';
}

function withoutNuls(bytes: Buffer): Buffer {
  let start = 0;
  while (bytes[start] === 0) start++;
  return start === 0 ? bytes : bytes.subarray(start);
}

function lineOf(line: string): string | null {
  let [start, end] = [0, line.length];
  while (line.charCodeAt(end - 1) === carriageReturn) end--;
  while (line.charCodeAt(start) === 0) start++;
  const text = start === 0 && end === line.length ? line : line.slice(start, end);
  // A character has at most 3 bytes for each of its units.
  return text.length * 3 > longestLine && Buffer.byteLength(text) > longestLine ? null : text;
}
