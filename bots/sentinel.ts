/** Watches the platform's apps from outside: what they answer, their certificates, and whether a placeholder answers in their place. */
import { defineBot } from '../src/bot.ts';
import { checkAnswers } from './sentinel/answers.ts';
import { checkCertificates } from './sentinel/certificates.ts';
import { config } from './sentinel/config.ts';
import { knowledge } from './sentinel/knowledge.ts';
import { checkStubs } from './sentinel/stubs.ts';

export const sentinel = defineBot({
  name: 'sentinel',
  displayName: 'Sentinel',
  description:
    'Asks every active app at its deployment_url: its status, latency, text, redirects and certificate.',
  schedule: '*/2 * * * *',
  looksOutside: true,
  // Three checks of 30 s each, a warm-up, and the check that is asked again after it.
  timeoutSeconds: 180,
  // One lost packet is no outage, and one answer in between is no recovery.
  confirm: 3,
  clear: 2,
  needs: ['app_catalog'],
  config,
  checks: [
    { name: 'answers', title: 'Does every app answer as it should?', run: checkAnswers },
    {
      name: 'certificates',
      title: 'Is every certificate trusted, and was it renewed in time?',
      run: checkCertificates,
    },
    {
      name: 'stubs',
      title: 'Does every app answer 404 to a path that does not exist?',
      run: checkStubs,
    },
  ],
  knowledge,
});
