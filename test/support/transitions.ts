/** Transitions that people request, each in a transaction of its own, as the services open one. */
import type { Db } from '../../src/database/connect.ts';
import { retryWhileLocked } from '../../src/database/retry-while-locked.ts';
import * as actions from '../../src/transitions/actions/request-undo.ts';
import * as knowledge from '../../src/transitions/knowledge/edit.ts';
import * as components from '../../src/transitions/knowledge/set-autonomy-on.ts';
import * as answers from '../../src/transitions/tickets/answer-suggestion.ts';
import * as assignments from '../../src/transitions/tickets/assign.ts';
import * as tickets from '../../src/transitions/tickets/resolve.ts';

type Given<Transition extends (trx: never, ...given: never) => unknown> =
  Parameters<Transition> extends [unknown, ...infer Rest] ? Rest : never;

export const requestUndo = (db: Db, ...given: Given<typeof actions.requestUndo>) =>
  retryWhileLocked(db, (trx) => actions.requestUndo(trx, ...given));

export const editKnowledge = (db: Db, ...given: Given<typeof knowledge.editKnowledge>) =>
  db.transaction().execute((trx) => knowledge.editKnowledge(trx, ...given));

export const setAutonomyOn = (db: Db, ...given: Given<typeof components.setAutonomyOn>) =>
  db.transaction().execute((trx) => components.setAutonomyOn(trx, ...given));

export const answerSuggestion = (db: Db, ...given: Given<typeof answers.answerSuggestion>) =>
  db.transaction().execute((trx) => answers.answerSuggestion(trx, ...given));

export const assignTicket = (db: Db, ...given: Given<typeof assignments.assignTicket>) =>
  db.transaction().execute((trx) => assignments.assignTicket(trx, ...given));

export const resolveTicket = (db: Db, ...given: Given<typeof tickets.resolveTicket>) =>
  db.transaction().execute((trx) => tickets.resolveTicket(trx, ...given));
