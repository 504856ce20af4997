/** Sends the delivery of the demo, as GitHub does: a webhook with the HMAC-SHA256 of its body, over HTTP. */
import { createHmac, randomUUID } from 'node:crypto';

const answersWithinMs = 10_000;

/** A workflow that failed now, in the fields of GitHub's event `workflow_run`. */
const failedRun = (now: Date) => ({
  action: 'completed',
  workflow_run: {
    id: 4_001,
    name: 'Release',
    head_branch: 'main',
    event: 'push',
    status: 'completed',
    conclusion: 'failure',
    workflow_id: 41,
    html_url: 'https://github.com/moonfold/shop/actions/runs/4001',
    updated_at: now.toISOString(),
    head_commit: { message: 'Round prices half up' },
  },
  repository: { full_name: 'moonfold/shop', default_branch: 'main' },
});

/** Resolves once the listener has committed the delivery. Rejects when it answers anything but 202, or cannot be reached. */
export async function sendFailedBuild(url: string, secret: string): Promise<void> {
  const body = JSON.stringify(failedRun(new Date()));
  const answer = await fetch(url, {
    method: 'POST',
    redirect: 'error',
    signal: AbortSignal.timeout(answersWithinMs),
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'workflow_run',
      'x-github-delivery': randomUUID(),
      'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
    },
    body,
  });
  if (answer.status !== 202)
    throw new Error(`the listener of the demo answered ${answer.status}: ${await answer.text()}`);
}
