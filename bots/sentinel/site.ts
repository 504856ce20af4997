/** Whether two hosts belong to one site. */

/**
 * Second-level names under which countries register domains, and hosts that give a name below theirs to each customer: here
 * neighbours are strangers. A short list in place of the Public Suffix List (publicsuffix.org), which changes every week; where
 * it misses one, a redirect to a neighbour is taken for one within the site.
 */
const registries = new Set([
  'ac',
  'co',
  'com',
  'edu',
  'gob',
  'gov',
  'go',
  'ne',
  'net',
  'or',
  'org',
]);
const sharedHosts = new Set(
  (
    'amplifyapp.com appspot.com azurewebsites.net azurestaticapps.net cloudfront.net deno.dev duckdns.org elasticbeanstalk.com ' +
    'firebaseapp.com fly.dev github.io gitlab.io glitch.me herokuapp.com lovable.app myshopify.com netlify.app ngrok.app ' +
    'ngrok.io ngrok-free.app onrender.com pages.dev railway.app repl.co replit.app replit.dev run.app streamlit.app ' +
    'supabase.co surge.sh trycloudflare.com vercel.app web.app webflow.io wixsite.com wordpress.com workers.dev'
  ).split(' '),
);

/** Whether a redirect from one host to the other stays within the site: the same registrable domain. */
export function isSameSite(from: string, to: string): boolean {
  const [a, b] = [from, to].map((host) => host.toLowerCase().replace(/\.$/, ''));
  return a === b || (!isAddress(a!) && !isAddress(b!) && siteOf(a!) === siteOf(b!));
}

const isAddress = (host: string): boolean => host.startsWith('[') || /^[\d.]+$/.test(host);

/** The registrable domain of a host: `example.com`, `example.co.uk`, `mine.vercel.app`. */
function siteOf(host: string): string {
  const labels = host.split('.');
  const lastTwo = labels.slice(-2).join('.');
  const isRegistry = labels.at(-1)!.length === 2 && registries.has(labels.at(-2) ?? '');
  return labels.slice(isRegistry || sharedHosts.has(lastTwo) ? -3 : -2).join('.');
}
