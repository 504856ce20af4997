/** Which of a bot's entries of knowledge know a finding, as the engine matches them. */
import { RE2JS } from 're2js';
import type { Bot, ReportedFinding } from '../../src/bot.ts';

export const entriesFor = (
  { knowledge = [] }: Bot,
  { title, description = '', component }: ReportedFinding,
): string[] =>
  knowledge
    .filter(({ pattern }) =>
      RE2JS.compile(pattern, RE2JS.CASE_INSENSITIVE)
        .matcher([title, description, component].join('\n'))
        .find(),
    )
    .map(({ name }) => name);
