/** The commands that open a gate, or after which a run asks it again. */
import { shortId } from '../../ground/text.ts';
import type { Explained } from '../../heal/explain.ts';
import type { ClosedGate } from '../../heal/openings.ts';

/** What gates in words say about the finding and its bot: states, and names that commands take. */
export interface FindingContext {
  finding: string;
  component: string | null;
  bot: string;
  bot_status: 'active' | 'paused' | 'disabled' | 'error';
  /** `T-42`; null if no ticket is open */
  ticket: string | null;
  /** the ticket that stands for a storm of its bot; null if there is none */
  storm: string | null;
  /** the finding behind which it stands */
  suppressor: { id: string } | null;
  silences: readonly { id: string; owner: string }[];
  maintenance: readonly { id: string; owner: string; reason: string }[];
  /** the entries that are suggested for it, and whether an approval would be taken */
  suggestions: readonly { knowledge_id: string; canApprove: boolean }[];
}

type Inputs = NonNullable<Explained['inputs']>;

/** The name of the limit that is not set, by the gate that it keeps closed. */
const limitToSet: Record<string, (inputs: Inputs) => string> = {
  cooldown: () => 'cooldown_minutes',
  attempts: () => 'heals_per_entry',
  daily: () => 'heals_per_day',
  breaker: ({ breaker_failures }) =>
    breaker_failures === null ? 'breaker_failures' : 'breaker_minutes',
  budget: () => 'heals_per_hour',
  storm: ({ storm_components }) => (storm_components === null ? 'storm_components' : 'storm_share'),
};

/** The command that runs the bot now; if its status allows no run, the command with which a person begins to change that. */
export function runCommand({
  bot,
  bot_status,
}: Pick<FindingContext, 'bot' | 'bot_status'>): string {
  if (bot_status === 'disabled') return `npx roundsman bots enable ${bot}`;
  return `npx roundsman bots ${bot_status === 'error' ? 'show' : 'run'} ${bot}`;
}

/** The command that approves the entry; null if no run has suggested it yet, or an approval would be refused. */
function approveCommand(
  { id, name }: Explained['candidate'],
  about: FindingContext,
): string | null {
  const { ticket, bot_status, suggestions } = about;
  const suggestion = suggestions.find(({ knowledge_id }) => knowledge_id === id);
  if (!ticket || !suggestion?.canApprove || bot_status === 'disabled' || bot_status === 'error')
    return null;
  return `npx roundsman tickets approve ${ticket}${suggestions.length > 1 ? ` ${name}` : ''}`;
}

const endSilenceCommand = ({ id }: { id: string }): string =>
  `npx roundsman silences end ${shortId(id)}`;
const endMaintenanceCommand = ({ id }: { id: string }): string =>
  `npx roundsman maintenance end ${shortId(id)}`;

/** A word of a command as a shell reads it. */
const inShell = (word: string): string =>
  /^[\w./:@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;

/**
 * The command that opens the gate, or that runs the bot, so that the gate is asked again. The command is not refused at this
 * moment; N and FILE stand for what the person chooses.
 */
export function commandToAskAgain(
  { gate, waits_for }: ClosedGate,
  { candidate, inputs }: Explained,
  about: FindingContext,
): string {
  const { id: _, name, autonomy, solution, own } = candidate;
  const limit = limitToSet[gate];
  if (limit && waits_for === 'person') return `npx roundsman limits ${limit(inputs!)} N`;
  const { component, suppressor, silences } = about;
  switch (gate) {
    case 'kill_switch':
      return 'npx roundsman mode safe';
    case 'mode':
      return inputs?.mode === 'safe'
        ? (approveCommand(candidate, about) ?? 'npx roundsman mode auto')
        : 'npx roundsman mode safe';
    case 'silenced':
      if (suppressor) return `npx roundsman findings show ${shortId(suppressor.id)}`;
      return waits_for === 'silence' && silences[0]
        ? endSilenceCommand(silences[0])
        : runCommand(about);
    case 'disabled':
      return solution.kind === 'broken'
        ? `npx roundsman knowledge edit ${name} --solution-file FILE`
        : `npx roundsman knowledge enable ${name}`;
    case 'autonomy':
      if (autonomy === 'shadow')
        return `npx roundsman knowledge edit ${name} --autonomy suggest${own && component !== null ? ` --component ${inShell(component)}` : ''}`;
      return approveCommand(candidate, about) ?? runCommand(about);
    case 'approval':
      return approveCommand(candidate, about) ?? runCommand(about);
    default:
      return runCommand(about);
  }
}

/** The commands that end the silences or the maintenance that close the gate. */
export const endCommands = (gate: string, { silences, maintenance }: FindingContext): string[] =>
  gate === 'silenced'
    ? silences.map((each) => `\`${endSilenceCommand(each)}\``)
    : gate === 'maintenance'
      ? maintenance.map((each) => `\`${endMaintenanceCommand(each)}\``)
      : [];
