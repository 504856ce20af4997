/** Transactions that people ask for. */
import { endMaintenance } from '../../src/data/maintenance/occurrences.ts';
import { sql } from 'kysely';
import { leaveBotsOff, tablesMissing } from '../../src/transitions/bots/leave-off.ts';
import { enableLeftOffBots } from '../../src/transitions/bots/enable-left-off.ts';
import { enableWithCode } from '../../src/transitions/bots/enable-with-code.ts';
import {
  codeGone,
  leaveOffWithoutCode,
} from '../../src/transitions/bots/leave-off-without-code.ts';
import * as asked from '../support/transitions.ts';
import type { Db } from '../../src/database/connect.ts';
import { addPolicy } from '../../src/data/escalation/policies.ts';
import { correctDifferences } from '../../src/data/bots/bot-knowledge.ts';
import { changeMode } from '../../src/data/bots/engine.ts';
import { limits, setLimit } from '../../src/data/bots/healing-limits.ts';
import { addKnowledge } from '../../src/transitions/knowledge/add.ts';
import { removeKnowledge } from '../../src/transitions/knowledge/remove.ts';
import { renameKnowledge } from '../../src/transitions/knowledge/rename.ts';
import { registerKnowledge } from '../../src/transitions/knowledge/register.ts';
import { acknowledgeTicket } from '../../src/transitions/tickets/acknowledge.ts';
import { mergeGroups } from '../../src/services/error-groups/merge.ts';
import { muteGroup, unmuteGroup } from '../../src/services/error-groups/mute.ts';
import { splitGroup } from '../../src/services/error-groups/split.ts';
import { applyPlan } from '../../src/services/definitions/apply.ts';
import { planOf } from '../../src/services/definitions/plan.ts';
import { escalateDue } from '../../src/services/policy/escalate.ts';
import { changeHosts } from '../../src/services/settings/change-hosts.ts';
import { assignTicket } from '../../src/transitions/tickets/assign.ts';
import { noteClosedIssue } from '../../src/transitions/actions/note-closed-issue.ts';
import { closeOldTickets, closeTicket } from '../../src/transitions/tickets/close.ts';
import { reopenResolved } from '../../src/transitions/tickets/reopen-resolved.ts';
import { commentOnTicket } from '../../src/transitions/tickets/comment.ts';
import { noteOnTicket } from '../../src/transitions/tickets/note.ts';
import {
  clearSeverity,
  overrideSeverity,
} from '../../src/transitions/tickets/override-severity.ts';
import { mergeTickets } from '../../src/transitions/tickets/merge.ts';
import { unmergeTicket } from '../../src/transitions/tickets/unmerge.ts';
import { endSnooze, snoozeTicket } from '../../src/transitions/tickets/snooze.ts';
import { unassignTicket } from '../../src/transitions/tickets/unassign.ts';
import {
  catalogue,
  problems,
  entries,
  ticket,
  row,
  merged,
  change,
  type Transactions,
} from './given.ts';

const operator = { name: 'ann', role: 'operator' } as const;

export const ofPeople: Transactions = {
  'request an undo': ({ db }) => asked.requestUndo(db, problems[3]!.cured, 'ann'),
  'resolve a ticket': async ({ db }) =>
    asked.resolveTicket(db, await ticket(db, 1), 'x', 'ann', {
      knowledge: { id: entries[0]!, name: 'entry-0' },
    }),
  'resolve another ticket': async ({ db }) =>
    asked.resolveTicket(db, await ticket(db, 3), 'x', 'ann', { knowledge: null }),
  'merge tickets': ({ db }) =>
    db
      .transaction()
      .execute(async (trx) =>
        mergeTickets(trx, [await row(trx, merged.survivor)], await ticket(trx, 2), 'ann'),
      ),
  'merge groups of errors': ({ db }) =>
    mergeGroups({ db, actor: operator }, { groups: ['2'], into: '1' }),
  'split groups of errors': ({ db }) =>
    splitGroup({ db, actor: operator }, { group: '1', part: { text: 'x' } }),
  'mute a group of errors': ({ db }) =>
    muteGroup({ db, actor: operator }, { group: '1', reason: 'x', seconds: 60 }),
  'unmute a group of errors': ({ db }) => unmuteGroup({ db, actor: operator }, { group: '1' }),
  'resolve merged tickets by a person': async ({ db }) =>
    asked.resolveTicket(db, await row(db, merged.survivor), 'x', 'ann', { knowledge: null }),
  'reopen merged tickets': ({ db }) =>
    db
      .transaction()
      .execute(async (trx) =>
        reopenResolved(trx, await row(trx, merged.endedSurvivor), 'x', 'ann'),
      ),
  'close merged tickets': ({ db }) =>
    db
      .transaction()
      .execute(async (trx) => closeTicket(trx, await row(trx, merged.endedSurvivor), 'ann')),
  'unmerge a ticket': ({ db }) =>
    db
      .transaction()
      .execute(async (trx) =>
        unmergeTicket(trx, await row(trx, merged.ticket), await row(trx, merged.survivor), 'ann'),
      ),
  'undo a merge': ({ db }) =>
    db
      .transaction()
      .execute(async (trx) =>
        unmergeTicket(
          trx,
          await row(trx, merged.ticket),
          await row(trx, merged.survivor),
          'ann',
          [],
        ),
      ),
  'assign a ticket': async ({ db }) => asked.assignTicket(db, await ticket(db, 0), 'ann', 'ann'),
  // All of these in one transaction: each of them locks only this row.
  'change a ticket': ({ db }) =>
    db.transaction().execute(async (trx) => {
      const seen = () => ticket(trx, 2);
      await acknowledgeTicket(trx, await seen(), 'ann');
      await assignTicket(trx, await seen(), 'bob', 'ann');
      await unassignTicket(trx, await seen(), 'ann');
      await snoozeTicket(trx, await seen(), { seconds: 60 }, 'ann');
      await endSnooze(trx, await seen(), 'ann');
      await overrideSeverity(trx, await seen(), { severity: 'critical', reason: 'x' }, 'ann');
      await clearSeverity(trx, await seen(), 'ann');
      await commentOnTicket(trx, (await seen()).id, 'ann', 'x');
      await leftResolved(trx);
      await reopenResolved(trx, await seen(), 'x', 'ann');
      await leftResolved(trx);
      await closeTicket(trx, await seen(), 'ann');
    }),
  'end maintenance': ({ db }) => endMaintenance(db, '0000000a-0000-0000-0000-000000000001', 'ann'),
  'close old tickets': ({ db }) =>
    db.transaction().execute(async (trx) => {
      await leftResolved(trx);
      await closeOldTickets(trx, 10);
    }),
  'note a closed issue': ({ db }) =>
    db.transaction().execute(async (trx) => {
      const { rows } = await sql<{ id: string }>`SELECT id FROM bot_actions`.execute(trx);
      await noteClosedIssue(
        trx,
        rows.map(({ id }) => id),
      );
    }),
  'escalate tickets': ({ db }) => db.transaction().execute((trx) => escalateDue(trx, 100)),
  'set the policy': ({ db }) => addPolicy(db, { rules: [] }, 'ann'),
  'note on a ticket': ({ db }) => noteOnTicket(db, problems[2]!.ticket, 'ann', {}),
  'approve a suggestion': async ({ db }) => answer(db, 2, 'approved'),
  'reject a suggestion': async ({ db }) => answer(db, 0, 'rejected'),
  "edit an entry's pattern": ({ db }) =>
    asked.editKnowledge(db, entries[2]!, () => ({ issue_pattern: 'is torn' }), change),
  'edit an entry': ({ db }) =>
    asked.editKnowledge(db, entries[0]!, () => ({ autonomy: 'shadow' }), change),
  'set autonomy on a component': ({ db }) =>
    asked.setAutonomyOn(db, entries[1]!, 'part 1', 'shadow', change),
  'add an entry': ({ db }) =>
    db
      .transaction()
      .execute((trx) =>
        addKnowledge(
          trx,
          { name: 'new', category: 'x', issue_pattern: 'xyz', solution: 'x', autonomy: 'shadow' },
          change,
        ),
      ),
  'apply definitions': async ({ db }) => {
    const head = (kind: string) => `apiVersion: roundsman/v1\nkind: ${kind}\ndefinitions:\n`;
    const files = [
      { place: 'a', text: `${head('limits')}  cooldown_minutes: 7\n` },
      { place: 'b', text: `${head('bots')}  bot-1: { priority: 7 }\n  bot-2: { priority: 7 }\n` },
      { place: 'c', text: `${head('knowledge')}  entry-0: { pattern: is torn apart }\n` },
    ];
    const plan = await planOf({ db, catalogue }, { files });
    await applyPlan({ db, actor: { name: 'ann', role: 'admin' }, catalogue }, { plan });
  },
  'remove an entry': ({ db }) =>
    db.transaction().execute((trx) => removeKnowledge(trx, entries[3]!, change)),
  'rename an entry': ({ db }) =>
    db
      .transaction()
      .execute((trx) => renameKnowledge(trx, { id: entries[1]!, name: 'entry-1' }, 'z', change)),
  'leave bots off': async ({ db }) => {
    const rows = await db.selectFrom('bots').select('api_endpoint').distinct().execute();
    const endpoints = rows.map(({ api_endpoint }) => api_endpoint);
    await leaveBotsOff(db, [{ endpoints, reason: tablesMissing(['credits']) }]);
  },
  'enable left-off bots': async ({ db }) => {
    await sql`
      WITH held AS MATERIALIZED (SELECT id FROM bots ORDER BY id FOR NO KEY UPDATE)
      UPDATE bots b SET status = 'disabled', status_reason = ${tablesMissing(['credits'])} FROM held WHERE b.id = held.id`.execute(
      db,
    );
    await enableLeftOffBots(db);
  },
  'leave bots without code off': ({ db }) => leaveOffWithoutCode(db),
  'enable bots with code': async ({ db }) => {
    await sql`
      WITH held AS MATERIALIZED (SELECT id FROM bots ORDER BY id FOR NO KEY UPDATE)
      UPDATE bots b SET status = 'disabled', status_reason = ${codeGone} FROM held WHERE b.id = held.id`.execute(
      db,
    );
    const { rows } = await sql<{ name: string }>`
      SELECT DISTINCT substring(api_endpoint FROM '[^/:]*$') AS name FROM bots`.execute(db);
    await enableWithCode(
      db,
      rows.map(({ name }) => name),
    );
  },
  'register knowledge': ({ db }) =>
    registerKnowledge(
      db,
      ['entry-1', 'new'].map((name) => ({
        name,
        category: 'x',
        issue_pattern: 'xyz',
        solution: 'x',
        autonomy: 'shadow' as const,
      })),
    ),
  'correct the cache': async ({ db }) => correctDifferences(db),
  'set a limit': ({ db }) =>
    setLimit(
      db,
      limits.find(({ setting }) => setting === 'budget')!,
      7,
      'ann',
    ),
  'change allowed hosts': async ({ db }) => {
    const actor = { name: 'ann', role: 'owner' } as const;
    await changeHosts({ db, actor }, { add: ['b.example'], remove: ['a.example'] });
  },
  'change the mode': ({ db }) => changeMode(db, 'safe', { by: 'ann', reason: null }),
};

/** As if a person had last changed the row two days ago. */
const leftResolved = (db: Db) =>
  db
    .updateTable('bot_tickets')
    .set({
      status: 'resolved',
      resolution_notes: 'x',
      resolved_at: sql<Date>`engine.now() - interval '2 days'`,
    })
    .where('id', '=', problems[2]!.ticket)
    .execute();

async function answer(db: Db, at: number, said: 'approved' | 'rejected') {
  const of = await ticket(db, at);
  const decision = await db
    .selectFrom('bot_decisions')
    .select('id')
    .where('finding_id', '=', of.finding_id)
    .orderBy('id')
    .executeTakeFirstOrThrow();
  return asked.answerSuggestion(
    db,
    of,
    { id: decision.id, name: 'x', answer: null },
    { answer: said, by: 'ann' },
  );
}
