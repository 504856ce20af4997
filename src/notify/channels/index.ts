/** Every kind of channel: one line each. A kind imports large modules only when it sends. */
import type { Channel } from '../channel.ts';
import { email } from './email.ts';
import { gitHubIssue } from './github-issue.ts';
import { log } from './log.ts';
import { slack } from './slack.ts';
import { webhook } from './webhook.ts';

export const kinds: readonly Channel[] = [slack, email, webhook, gitHubIssue, log];
