/** All that keys can do about the ticket on the screen. Another action is one file and one line. */
import { acknowledge } from './acknowledge.ts';
import type { ReviewAction } from './action.ts';
import { approve, reject } from './answer.ts';
import { assign, take } from './assign.ts';
import { comment } from './comment.ts';
import { learn } from './learn.ts';
import { merge } from './merge.ts';
import { resolve } from './resolve.ts';
import { silence } from './silence.ts';
import { snooze } from './snooze.ts';

export const actions: readonly ReviewAction[] = [
  approve,
  reject,
  acknowledge,
  take,
  assign,
  snooze,
  comment,
  resolve,
  learn,
  silence,
  merge,
];
