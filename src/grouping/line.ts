import type { Row } from './shape.ts';
import { value } from './template.ts';
import { answers, calendar, hashOf, isWord, literals, units } from './words.ts';

export const valueHash = hashOf(value);

/**
 * The tokens of one message: where each word stands and its hash, or `valueHash` and no place. One is filled again for each
 * message, so that a message costs no memory.
 */
export class Line implements Row {
  message = '';
  count = 0;
  /** a key in quotes was read */
  hasKeys = false;
  /** where the quote stands that ends a sentence which began */
  sentenceEnd = -1;
  readonly maxTokens: number;
  readonly hashes: Int32Array;
  /** of a word; -1 for a value */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** 1 for a word as `true` that stands where a value is written */
  readonly #answers: Uint8Array;
  #maxAnswers = 0;

  constructor(maxTokens: number) {
    this.maxTokens = maxTokens;
    this.hashes = new Int32Array(maxTokens);
    this.starts = new Int32Array(maxTokens);
    this.ends = new Int32Array(maxTokens);
    this.#answers = new Uint8Array(maxTokens);
  }

  begin(message: string): void {
    this.message = message;
    this.count = 0;
    this.#maxAnswers = 0;
    this.hasKeys = false;
    this.sentenceEnd = -1;
  }

  /** One answer says what happened, as `found=false` does; several are settings, and each is a value. */
  end(): void {
    if (this.#maxAnswers < 2) return;
    const { count } = this;
    if (this.#answers.subarray(0, count).reduce((sum, one) => sum + one, 0) < 2) return;
    this.count = 0;
    for (let at = 0; at < count; at++)
      if (this.starts[at] === -1 || this.#answers[at] === 1) this.#put(valueHash, -1, -1);
      else this.#put(this.hashes[at]!, this.starts[at]!, this.ends[at]!);
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
    const isAnswer = isValue && answers.hasHashed(hash, this.message, start, end);
    if (isValue && !isAnswer && literals.hasHashed(hash, this.message, start, end))
      return this.addValue();
    if (this.endsInValue() && units.hasHashed(hash, this.message, start, end)) return;
    this.#put(hash, start, end);
    if (!isAnswer) return;
    this.#answers[this.count - 1] = 1;
    this.#maxAnswers++;
  }

  /** A run of values is one value: lists differ in length. The month or the day before a number is a part of it. */
  addValue(): void {
    while (this.count > 0 && this.#endsInCalendar()) this.count--;
    if (!this.isFull) this.#put(valueHash, -1, -1);
  }

  #put(hash: number, start: number, end: number): void {
    if (start === -1 && this.endsInValue()) return;
    const at = this.count++;
    this.hashes[at] = hash;
    this.starts[at] = start;
    this.ends[at] = end;
    this.#answers[at] = 0;
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
