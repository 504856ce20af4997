/** What is known about the sentinel's findings. Anchored: titles also contain what servers answer, which may be any words. */
import type { KnowledgeSeed } from '../../src/bot.ts';
import { adviceOn } from '../parts/advice.ts';

const onApps = adviceOn('apps', 'app');
const onCertificates = adviceOn('certificates', 'certificate');

export const knowledge: KnowledgeSeed[] = [
  {
    name: 'app.warm-up',
    category: 'apps',
    // 502 to 504 is what a platform's proxy answers while the server behind it starts.
    pattern: '^app .+ (is down: (.+: no answer within|it answered 50[234]\\b)|is slow: )',
    solution: 'steps:\n  - remedy: app.warm-up\n',
    autonomy: 'auto',
  },
  {
    name: 'app.maintenance',
    category: 'apps',
    pattern: '^app .+ is down: ',
    // Users no longer see the app then, so it only says what it would do until an admin raises its autonomy.
    solution: 'steps:\n  - remedy: app.set-status\n    with:\n      status: maintenance\n',
    autonomy: 'shadow',
  },
  onApps(
    'down',
    '^app .+ is down: ',
    'Look at the last deployment of this app first: if the app failed from then on, roll it back. A name that is not found is a domain or ' +
      'DNS record that has expired; a refused connection is a server that does not run; 5xx is the app itself: read its log. ' +
      'Until it works, `status` of app_catalog can be set to maintenance.',
  ),
  onApps(
    'text-missing',
    '^app .+ does not contain ',
    'The app answers with another page than it should: an error page with status 200, an empty deployment, or a page with a ' +
      'new text. Open it. If the page is right, write its new text into the setting `expect` of the bot sentinel.',
  ),
  onApps(
    'slow',
    '^app .+ is slow: ',
    'Open the app. If only the first request is slow, its server stops between visits: keep one instance running. If all requests ' +
      'are slow, compare with the last deployment, and look at its database and the services that it calls.',
  ),
  onApps(
    'redirect',
    '^app .+ redirects ',
    'Open the address in a private window. Another site means a domain that has expired and was parked, a hosting project that ' +
      'was removed, or a login before the app. If the app has moved on purpose, write its new address into deployment_url.',
  ),
  onApps(
    'stub',
    '^app .+ answers any path with the same ',
    'Compare what is deployed with what should be: a placeholder, the default page of a host, or a server that ignores the path. ' +
      'Have the app answer 404 to paths that it does not have, so that monitoring can tell them from its pages.',
  ),
  onApps(
    'blocked',
    '^app .+ refuses automated requests: ',
    'Allow the user agent "roundsman", or the IP addresses from which the engine sends its requests, in the firewall of the host. If ' +
      'this answer is right for the app, name its status in the setting `statuses` of the bot sentinel.',
  ),
  onApps(
    'not-asked',
    '^app .+ cannot be asked: ',
    'Correct deployment_url of this app. If the app runs at an address that is not public, allow it: `npx roundsman settings http_hosts ' +
      '--add HOST:PORT`.',
  ),
  onCertificates(
    'unusable',
    '^certificate of .+ (expired on|is not valid before|is for other names|is self-signed|is issued by a private authority|comes with|cannot be trusted)',
    'Look at the client that renews it (certbot, acme.sh, the host): its log says why it failed, often because of DNS or port 80. Renew it ' +
      'by hand, and have the server load it and send the full chain with it. `openssl s_client -connect HOST:443 -servername HOST` shows ' +
      'what is served.',
  ),
  onCertificates(
    'ends-soon',
    '^certificate of .+ expires in ',
    'It should have been renewed already. Run the renewal by hand and read what it says; then see that the server has loaded the ' +
      'new file, because a server that is not reloaded continues to use the old one.',
  ),
  onCertificates(
    'issuer-ends-soon',
    '^certificate of .+ is issued by one that ends in ',
    'The certificate of its authority in the chain ends before it does. Often the server sends an old chain: have it send the one that the ' +
      'authority publishes now (fullchain.pem of the last renewal). Where the authority is your own, renew its certificate, and issue ' +
      'those below it anew.',
  ),
];
