/** What a bot of the catalogue may do: the checks that it asks, and what its own entries of knowledge apply. */
import type { Bot } from '../contract/bot.ts';
import type { Risk } from '../contract/remedy.ts';
import type { Autonomy } from '../ground/autonomy.ts';
import { isPlaybook, readPlaybook, type Remedies } from '../playbook/read.ts';
import { riskOf } from './solution.ts';

/** An entry of knowledge with a playbook. */
export interface HealingEntry {
  /** its name in the catalogue */
  knowledge: string;
  /** the names of the remedies that it may apply, in the order in which it tries them */
  remedies: string[];
  /** the highest of its steps */
  risk: Risk;
  /** how freely it acts at first; a person or its outcomes may change that */
  autonomy: Autonomy;
}

export interface ShownCheck {
  name: string;
  /** the question that it answers */
  title: string;
  looks_outside: boolean;
}

export const checksOf = ({ checks, looksOutside }: Bot): ShownCheck[] =>
  checks.map((check) => ({
    name: check.name,
    title: check.title,
    looks_outside: (check.looksOutside ?? looksOutside) === true,
  }));

/** The bot's own entries of knowledge that apply remedies. */
export const healingEntriesOf = ({ knowledge = [] }: Bot, remedies: Remedies): HealingEntry[] =>
  knowledge
    .filter(({ solution }) => isPlaybook(solution))
    .map(({ name, solution, autonomy }) => {
      const steps = readPlaybook(solution, remedies);
      const names = steps.map(({ remedy }) => remedy.name);
      return { knowledge: name, remedies: [...new Set(names)], risk: riskOf(steps), autonomy };
    });

/** The names of the bot's own entries of knowledge that only say what a person may do. */
export const adviceOf = ({ knowledge = [] }: Bot): string[] =>
  knowledge.filter(({ solution }) => !isPlaybook(solution)).map(({ name }) => name);
