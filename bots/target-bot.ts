/** The bot that a remedy acts on: the one that its playbook names, else the finding's component. */
import { z } from '../src/bot.ts';
import type { RemedyContext } from '../src/bot.ts';

export const targetBot = z
  .string()
  .min(1)
  .max(100)
  .optional()
  .describe("the bot; the finding's component unless given");

export const targetBotName = (
  { bot }: { bot?: string | undefined },
  { target }: RemedyContext,
): string => bot ?? target.component;
