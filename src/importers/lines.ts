/** Cuts the bytes of a text into lines. */

/** The most bytes of a line that is read. */
export const maxLineBytes = 64 * 1024;

const [lineFeed, carriageReturn] = [10, 13];
const nothing = Buffer.alloc(0);

/**
 * Cuts bytes into lines, and keeps no more than one line in memory, however long the input is. Lines end with \n or
 * \r\n; if the beginning of the text has neither, with \r. Each method returns the lines that have ended, without their
 * line ends, and null for a line that is too long.
 */
export class Lines {
  #rest: Buffer = nothing;
  #tooLong = false;
  #end: 'not known' | '\n' | '\r' = 'not known';

  /** Whether the bytes so far end within a line. */
  get isInLine(): boolean {
    return this.#rest.length > 0 || this.#tooLong;
  }

  /** Takes the next bytes. The line end is chosen by `decidedBy`, which may be a longer text that contains the chunk. */
  push(chunk: Buffer, decidedBy = chunk): (string | null)[] {
    if (this.#end === 'not known') this.#end = endOf(decidedBy);
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

  /** The rest of the text after the last line end. */
  end(): (string | null)[] {
    if (this.#tooLong) return [null];
    return this.#rest.length === 0 ? [] : this.#cut(this.#rest.toString('utf8')).map(lineOf);
  }

  #firstEnd(chunk: Buffer): number {
    const ends = this.#end === '\r' ? [lineFeed, carriageReturn] : [lineFeed];
    return Math.min(...ends.map((end) => chunk.indexOf(end)).filter((index) => index !== -1));
  }

  #cut(text: string): string[] {
    return this.#end === '\r' ? text.split(/\r\n?|\n/) : text.split('\n');
  }

  #keep(bytes: Buffer): void {
    // A log that was emptied while its program went on writing begins with as many NULs as it had bytes before.
    const kept = this.#rest.length === 0 && !this.#tooLong ? withoutNuls(bytes) : bytes;
    if (kept.length === 0) return;
    this.#tooLong ||= this.#rest.length + kept.length > maxLineBytes;
    this.#rest = this.#tooLong
      ? nothing
      : this.#rest.length === 0
        ? kept
        : Buffer.concat([this.#rest, kept]);
  }
}

/** The line end of these bytes. It is `\r` only if there is no \n, and the \r is not the last byte: \n may follow it. */
function endOf(chunk: Buffer): 'not known' | '\n' | '\r' {
  if (chunk.includes(lineFeed)) return '\n';
  const index = chunk.indexOf(carriageReturn);
  return index !== -1 && index < chunk.length - 1 ? '\r' : 'not known';
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
  return text.length * 3 > maxLineBytes && Buffer.byteLength(text) > maxLineBytes ? null : text;
}
