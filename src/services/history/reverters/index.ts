/** How each kind of definition is set back: adding one is one file and one line. */
import type { DefinitionKind } from '../../../data/history/kinds.ts';
import { botReverter } from './bot.ts';
import { knowledgeReverter } from './knowledge.ts';
import { limitReverter } from './limit.ts';
import { notificationsReverter } from './notifications.ts';
import { policyReverter } from './policy.ts';
import type { Reverter } from './reverter.ts';
import { settingReverter } from './setting.ts';
import { silenceReverter } from './silence.ts';

export const reverters: Record<DefinitionKind, Reverter> = {
  bot: botReverter,
  knowledge: knowledgeReverter,
  silence: silenceReverter,
  policy: policyReverter,
  notifications: notificationsReverter,
  limit: limitReverter,
  setting: settingReverter,
};
