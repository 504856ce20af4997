/** A message in plain parts, which each channel brings into its own form. */
import { cutTo } from './cut.ts';
import { safeLine, safeLines } from './safe.ts';

/** All text is safe to show as plain text; only a channel's own markup still has to be escaped. */
export interface Words {
  /** one line: `T-42: payments answer 500` */
  subject: string;
  /** how it stands, in one line: `critical, assigned` */
  standing: string;
  facts: { label: string; value: string }[];
  /**
   * What the platform or a bot says, each line with `| ` before it, so that none looks like a line of Roundsman's own. In a
   * group: its tickets, each with its name before it.
   */
  body: string[];
  /** what happened, the oldest first: `2026-11-28 19:20:00 UTC  ann acknowledged it` */
  history: string[];
  /** says that the message may have been sent before; null if it was not */
  repeat: string | null;
  /** says what is not shown here, and which command shows it */
  cut: string | null;
  /** commands that a reader may type */
  commands: string[];
}

/** The maximum of each part: of texts in UTF-16 units, of lists in entries. */
export interface Limits {
  subject: number;
  /** a value of a fact, a line of the history or a ticket of a group */
  line: number;
  body: number;
  /** the newest events that are shown */
  events: number;
  /** the worst tickets that are shown */
  tickets: number;
}

/** Makes parts of a message safe and short, and remembers what was cut. */
export class Parts {
  readonly #cut: string[] = [];

  /** `name` tells readers what was cut: 'the title'. An empty text becomes `(none)`, so that the part is seen. */
  line(name: string, text: string, limit: number): string {
    const { shown, kept, all } = cutTo(text, limit, safeLine);
    if (kept < all) this.leftOut(`${name} (${kept} of ${all} characters are here)`);
    return shown || '(none)';
  }

  /** A line of a list. However many of its lines are cut, the message says once that parts of `list` are left out. */
  item(list: string, text: string, limit: number): string {
    const { shown, kept, all } = cutTo(text, limit, safeLine);
    if (kept < all) this.leftOut(`parts of ${list}`);
    return shown || '(none)';
  }

  lines(name: string, text: string, limit: number): string[] {
    const form = (part: string): string =>
      safeLines(part.trimEnd())
        .map((line) => `| ${line}`)
        .join('\n');
    const { shown, kept, all } = cutTo(text.trimEnd(), limit, form);
    if (kept < all) this.leftOut(`${name} (${kept} of ${all} characters are here)`);
    return shown === '' ? [] : shown.split('\n');
  }

  /** Notes that something is left out; `what` completes the sentence "Cut here: …" and appears in it once. */
  leftOut(what: string): void {
    if (!this.#cut.includes(what)) this.#cut.push(what);
  }

  /** The sentence that says what is left out; null if nothing is. `rest` is the command that shows all of it. */
  cut(rest: string): string | null {
    return this.#cut.length > 0
      ? `Cut here: ${this.#cut.join(', ')}. All of it: \`${rest}\``
      : null;
  }
}
