/** docs/channels.md shows entries that the channels take. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { email } from '../../src/notify/channels/email.ts';
import { gitHubIssue } from '../../src/notify/channels/github-issue.ts';
import { slack } from '../../src/notify/channels/slack.ts';

const page = readFileSync(new URL('../../docs/channels.md', import.meta.url), 'utf8');
const examples = [...page.matchAll(/```yaml\n(.*?)```/gs)].flatMap(([, text]) =>
  Object.values((parse(text!) as { channels: Record<string, { kind: string }> }).channels),
);

test.each(examples)('the entry of the kind $kind is taken', ({ kind, ...config }) => {
  const channel = [email, slack, gitHubIssue].find((each) => each.kind === kind);
  expect(channel?.config.safeParse(config).error).toBeUndefined();
});

test('there is one for each way', () =>
  expect(examples.map(({ kind }) => kind)).toEqual([
    'slack',
    'slack',
    'email',
    'github-issue',
    'github-issue',
  ]));
