/** Recognises what keeps robots out: an answer of such a wall says nothing about the app behind it. */
import type { OutboundAnswer } from '../../src/bot.ts';

type Answer = Pick<OutboundAnswer, 'status' | 'headers' | 'body'>;

interface Wall {
  name: string;
  stands(answer: Answer): boolean;
}

const refusals = new Set([403, 429, 503]);
const isRefusal = ({ status }: Answer): boolean => refusals.has(status);

/** The marks are the vendors' own, as their documentation and their pages have them. */
const walls: Wall[] = [
  {
    // developers.cloudflare.com, "Detect a Challenge Page response"
    name: 'Cloudflare',
    stands: ({ status, headers, body }) =>
      /challenge/i.test(headers['cf-mitigated'] ?? '') ||
      (/cloudflare/i.test(headers['server'] ?? '') &&
        // Pages that are let through may contain a script of Cloudflare's; only challenges have these options. Pages about
        // a broken server (52x) have the same error details.
        (((status === 403 || status === 503) && body.includes('_cf_chl_opt')) ||
          ((status === 403 || status === 429) &&
            /cf-error-details|error code: 10\d\d/.test(body)))),
  },
  {
    // vercel.com/docs, "Attack Challenge Mode"
    name: 'Vercel',
    stands: (answer) =>
      isRefusal(answer) && /challenge|deny/i.test(answer.headers['x-vercel-mitigated'] ?? ''),
  },
  {
    name: 'DataDome',
    stands: (answer) =>
      isRefusal(answer) &&
      (['x-datadome', 'x-dd-b'].some((name) => name in answer.headers) ||
        /(^|[,;]\s*)datadome=/.test(answer.headers['set-cookie'] ?? '')),
  },
  {
    name: 'Akamai',
    stands: ({ status, headers, body }) =>
      status === 403 &&
      (/akamaighost/i.test(headers['server'] ?? '') || body.includes('errors.edgesuite.net')),
  },
  {
    // Its page comes with 200, too; it is a frame around this resource and nothing else.
    name: 'Imperva',
    stands: (answer) =>
      (isRefusal(answer) &&
        ('x-iinfo' in answer.headers ||
          /incapsula|imperva/i.test(answer.headers['x-cdn'] ?? ''))) ||
      (answer.body.length < 10_000 && answer.body.includes('_Incapsula_Resource?')),
  },
  {
    // docs.aws.amazon.com, "Challenge and CAPTCHA behavior": a challenge has the status 202, a captcha 405.
    name: 'AWS WAF',
    stands: ({ headers }) => /challenge|captcha/i.test(headers['x-amzn-waf-action'] ?? ''),
  },
  {
    name: 'Sucuri',
    stands: (answer) =>
      isRefusal(answer) &&
      ('x-sucuri-block' in answer.headers || /sucuri/i.test(answer.headers['server'] ?? '')),
  },
  {
    name: 'HUMAN',
    stands: (answer) => isRefusal(answer) && /_pxAppId|px-captcha/.test(answer.body),
  },
];

/** What keeps the sentinel from seeing the app, as the end of a sentence; null where it saw the app. */
export function wallOf(answer: Answer): string | null {
  const wall = walls.find((each) => each.stands(answer));
  if (wall) return `${wall.name} asks for a proof that the caller is human (${answer.status})`;
  // By RFC 6585 a 429 says that this client asks too often, and nothing about others.
  if (answer.status === 429) return 'it limits the rate of requests (429)';
  // A 401 without this header asks for no login: it is an error of the app.
  if (answer.status === 401 && 'www-authenticate' in answer.headers)
    return 'it asks for a login (401)';
  return null;
}
