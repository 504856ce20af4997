import type { CanaryResult } from '../progress/canary.ts';

/** What one examination of the doctor found. `warn`: it works for now; `fail`: it is broken. */
export interface Diagnosis {
  subject: string;
  status: 'ok' | 'warn' | 'fail';
  /** what was seen */
  detail: string;
  /** what to try; null when nothing is wrong */
  hint: string | null;
  /** only of `Progress`, and only if a canary was sent */
  canary?: CanaryResult;
  /** what `doctor --fix` may do about it */
  fix?: Fix;
}

/** A remedy that harms nothing, also where it turns out not to help. */
export interface Fix {
  /** what it does, as an order: `let checks read the tables that were made later` */
  what: string;
  /** Does it; returns what was done, as a sentence without a full stop. In JSON this function is left out. */
  apply: () => Promise<string>;
  /** what was done; absent until then */
  done?: string;
}

/** A clause that advises to run the doctor; it is left out in the doctor's own output. */
const toDoctor = /(; |^)[^;]*`npx roundsman doctor`[^;]*/g;

/** The hint without its advice to run the doctor, which other commands give. */
const withoutDoctor = (hint: string): string =>
  hint.replace(toDoctor, '').replace(/^; /, '') || 'look at the log of that server';

export const ok = (subject: string, detail: string): Diagnosis => ({
  subject,
  status: 'ok',
  detail,
  hint: null,
});

export const warn = (subject: string, detail: string, hint: string): Diagnosis => ({
  subject,
  status: 'warn',
  detail,
  hint: withoutDoctor(hint),
});

export const fail = (subject: string, detail: string, hint: string): Diagnosis => ({
  subject,
  status: 'fail',
  detail,
  hint: withoutDoctor(hint),
});
