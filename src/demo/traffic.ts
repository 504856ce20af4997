import type { Chance } from './chance.ts';

export const failingEndpoint = '/api/checkout';
export const missingPath = '/assets/summer-banner.webp';
export const slowEndpoint = '/api/reports/export';

/** The endpoints, with their requests per hour. */
const endpoints: [path: string, method: string, requests: number][] = [
  ['/api/apps', 'GET', 380],
  ['/api/apps/search', 'GET', 340],
  ['/api/session', 'GET', 320],
  ['/api/credits', 'GET', 280],
  ['/api/credits/use', 'POST', 260],
  ['/api/profile', 'GET', 240],
  [failingEndpoint, 'POST', 220],
  ['/api/notifications', 'GET', 200],
  ['/api/games/scores', 'POST', 160],
  ['/api/chat', 'POST', 140],
  [missingPath, 'GET', 130],
  [slowEndpoint, 'GET', 120],
  ['/api/uploads', 'PUT', 90],
  ['/api/teams', 'GET', 70],
  ['/api/webhooks/payments', 'POST', 50],
];

function answer(chance: Chance, path: string): { status_code: number; response_time_ms: number } {
  const response_time_ms = chance.between(12, 180);
  if (path === failingEndpoint && chance.next() < 0.3)
    return {
      status_code: chance.pick([500, 502, 503]),
      response_time_ms: chance.between(200, 800),
    };
  if (path === missingPath) return { status_code: 404, response_time_ms: chance.between(2, 9) };
  if (path === slowEndpoint)
    return { status_code: 200, response_time_ms: chance.between(300, 2600) };
  // Some answers are 4xx because of mistakes of callers: that is not a problem of the platform.
  const mistake = chance.next() < 0.02;
  return { status_code: mistake ? chance.pick([400, 401, 422]) : 200, response_time_ms };
}

const secondsBefore = (now: Date, seconds: number) => new Date(now.getTime() - seconds * 1000);

/** The requests of the hour before `now`. */
export const requests = (chance: Chance, now: Date, users: string[]) =>
  endpoints.flatMap(([path, method, count]) =>
    Array.from({ length: count }, () => ({
      user_id: chance.next() < 0.7 ? chance.pick(users) : null,
      endpoint: path.endsWith('/search') ? `${path}?page=${chance.between(1, 9)}` : path,
      method,
      ...answer(chance, path),
      ip_address: `198.51.100.${chance.between(1, 254)}`,
      created_at: secondsBefore(now, chance.between(2, 3500)),
    })),
  );

const kinds: [type: string, message: string, endpoint: string][] = [
  ['PaymentGatewayTimeout', 'No answer from the payment gateway within 700 ms', failingEndpoint],
  ['PaymentGatewayTimeout', 'The payment gateway closed the connection', failingEndpoint],
  ['ReportTooLarge', 'The report has more than 50,000 rows', slowEndpoint],
];

/** The errors that the platform logged in the hour before `now`. */
export const errors = (chance: Chance, now: Date, users: string[], count: number) =>
  Array.from({ length: count }, () => {
    const [error_type, error_message, endpoint] = chance.pick(kinds);
    return {
      user_id: chance.pick(users),
      error_type,
      error_message,
      context: { endpoint },
      ip_address: `198.51.100.${chance.between(1, 254)}`,
      created_at: secondsBefore(now, chance.between(2, 3500)),
    };
  });
