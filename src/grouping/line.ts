import type { Row } from './shape.ts';
import { value } from './template.ts';
import { calendar, hashOf, isWord, literals, units } from './words.ts';

export const valueHash = hashOf(value);

/**
 * The tokens of one message: where each word stands and its hash, or `valueHash` and no place. One is filled again for each
 * message, so that a message costs no memory.
 */
export class Line implements Row {
  message = '';
  count = 0;
  readonly maxTokens: number;
  readonly hashes: Int32Array;
  /** of a word; -1 for a value */
  readonly starts: Int32Array;
  readonly ends: Int32Array;

  constructor(maxTokens: number) {
    this.maxTokens = maxTokens;
    this.hashes = new Int32Array(maxTokens);
    this.starts = new Int32Array(maxTokens);
    this.ends = new Int32Array(maxTokens);
  }

  get isFull(): boolean {
    return this.count >= this.maxTokens;
  }

  /** A value, or a word as `true` that is one where a value is written. */
  isValue(at: number): boolean {
    const start = this.starts[at]!;
    return (
      start === -1 || literals.hasHashed(this.hashes[at]!, this.message, start, this.ends[at]!)
    );
  }

  endsInValue(): boolean {
    return this.count > 0 && this.starts[this.count - 1] === -1;
  }

  /** `isValue`: it stands where a value is written, so that `true` or `null` is one. A unit belongs to the value before it. */
  addWord(start: number, end: number, isValue: boolean): void {
    if (this.isFull) return;
    const hash = hashOf(this.message, start, end);
    if (isValue && literals.hasHashed(hash, this.message, start, end)) return this.addValue();
    if (this.endsInValue() && units.hasHashed(hash, this.message, start, end)) return;
    const at = this.count++;
    this.hashes[at] = hash;
    this.starts[at] = start;
    this.ends[at] = end;
  }

  /** A run of values is one value: lists differ in length. The month or the day before a number is a part of it. */
  addValue(): void {
    while (this.count > 0 && this.#endsInCalendar()) this.count--;
    if (this.endsInValue() || this.isFull) return;
    const at = this.count++;
    this.hashes[at] = valueHash;
    this.starts[at] = -1;
    this.ends[at] = -1;
  }

  has(at: number, token: string): boolean {
    const start = this.starts[at]!;
    return start === -1 ? token === value : isWord(token, this.message, start, this.ends[at]!);
  }

  /** The tokens as they are stored. */
  tokens(): string[] {
    return Array.from({ length: this.count }, (_, at) =>
      this.starts[at] === -1 ? value : this.message.slice(this.starts[at], this.ends[at]),
    );
  }

  #endsInCalendar(): boolean {
    const at = this.count - 1;
    const start = this.starts[at]!;
    return (
      start !== -1 && calendar.hasHashed(this.hashes[at]!, this.message, start, this.ends[at]!)
    );
  }
}
