import type { CanaryResult } from '../progress/canary.ts';

/** What one look of the doctor came to. `warn` works for now; `fail` is broken. */
export interface Diagnosis {
  subject: string;
  status: 'ok' | 'warn' | 'fail';
  /** what was seen */
  detail: string;
  /** what to try; null when nothing is wrong */
  hint: string | null;
  /** only of `Progress`, and only where a canary was sent */
  canary?: CanaryResult;
}

/** A clause that sends the operator to the doctor, who is asking. */
const toDoctor = /(; |^)[^;]*`npx roundsman doctor`[^;]*/g;

/** A hint of other commands, as the doctor says it: without advice to ask the doctor. */
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
