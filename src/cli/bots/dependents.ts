/** What depends on a bot, in words. */
import { printable } from '../../ground/text.ts';
import type { BotDependents } from '../../services/bots/dependents.ts';
import { counted } from '../terminal/print.ts';

/** The most names of a kind that are listed. */
const maxNames = 10;

const names = (all: string[]): string =>
  all.length > maxNames
    ? `${all.slice(0, maxNames).map(printable).join(', ')} and ${all.length - maxNames} more`
    : all.map(printable).join(', ');

/** One phrase for each kind of which there is something. */
export function dependentsInWords(found: BotDependents): string[] {
  const some = (count: number, word: string) => (count > 0 ? [counted(count, word)] : []);
  return [
    ...some(found.runningRuns, 'running run'),
    ...some(found.queuedRuns, 'queued run'),
    ...some(found.openFindings, 'open finding'),
    ...some(found.openTickets, 'open ticket'),
    ...some(found.openActions, 'unfinished action'),
    ...some(found.undos, 'waiting undo'),
    ...some(found.approvals, 'waiting approval'),
    ...some(found.silences, 'silence'),
    ...(found.knowledge.length > 0
      ? [`knowledge about its findings, which stays: ${names(found.knowledge)}`]
      : []),
    ...(found.playbooks.length > 0 ? [`playbooks that name it: ${names(found.playbooks)}`] : []),
  ];
}
