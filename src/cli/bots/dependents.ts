/** What depends on a bot, in words. */
import { countedEach, printable } from '../../ground/text.ts';
import type { BotDependents } from '../../services/bots/dependents.ts';
import { shortId } from '../terminal/print.ts';

/** The most names of a kind that are listed. */
const maxNames = 10;

const namesInWords = (all: string[]): string =>
  all.length > maxNames
    ? `${all.slice(0, maxNames).map(printable).join(', ')} and ${all.length - maxNames} more`
    : all.map(printable).join(', ');

/** One phrase for each kind of dependent that the bot has. */
export function dependentsInWords(found: BotDependents): string[] {
  return [
    ...countedEach([
      [found.runningRuns, 'running run'],
      [found.queuedRuns, 'queued run'],
      [found.openFindings, 'open finding'],
      [found.openTickets, 'open ticket'],
      [found.openActions, 'unfinished action'],
      [found.undos, 'waiting undo'],
      [found.approvals, 'waiting approval'],
      [found.silences, 'silence'],
    ]),
    ...(found.knowledge.length > 0
      ? [`knowledge about its findings, which stays: ${namesInWords(found.knowledge)}`]
      : []),
    ...(found.maintenance.length > 0
      ? [`maintenance windows for it: ${namesInWords(found.maintenance.map(shortId))}`]
      : []),
    ...(found.playbooks.length > 0
      ? [`playbooks that name it: ${namesInWords(found.playbooks)}`]
      : []),
    ...(found.policyRules.length > 0
      ? [`rules of the policy that name it: ${namesInWords(found.policyRules)}`]
      : []),
    ...(found.routes.length > 0
      ? [`routes of notifications that name it: ${namesInWords(found.routes)}`]
      : []),
  ];
}

/** One phrase for everything that refers to the bot by its name, and would not find it under another one. */
export const referencesInWords = (found: BotDependents): string[] =>
  [
    ...found.playbooks.map((entry) => `the playbook of ${printable(entry)}`),
    ...found.namedBySilences.map((id) => `the silence ${shortId(id)}`),
    ...found.namedByMaintenance.map((id) => `the maintenance window ${shortId(id)}`),
    ...found.policyRules.map((rule) => `the policy (${printable(rule)})`),
    ...found.routes.map((route) => `the setting of notifications (${route})`),
  ].map((each) => `${each} names it, and keeps the old name`);
