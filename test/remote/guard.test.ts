/** No connection goes where none may go: counted by the kernel, in a network in which every address answers. */
import { describe, expect, test } from 'vitest';
import { authority, hasOpenssl } from '../support/certificates.ts';
import { runScript, whyNoNamespace } from '../support/namespace.ts';
import { closedAddresses } from './guard/addresses.ts';

const script = new URL('guard/inside.ts', import.meta.url).pathname;

interface Counted<Result> {
  result: Result;
  sockets: number;
  opens: number;
}
interface Tried {
  tried: number;
  unexpected: unknown[];
}
interface Outcome {
  answer?: { status: number };
  fault?: string;
}
interface Report {
  literals: Counted<Tried>;
  control: Counted<null>;
  names: Counted<Tried>;
  redirects: Counted<{ tried: number; followed: unknown[] }>;
  rebinding: Record<'later' | 'first' | 'six', Counted<Outcome> & { lookups: number }> & {
    reached: string[];
  };
  range: { open: Counted<Outcome>; closed: Counted<Outcome[]> };
}

test('more than 500 ways to write an address that is closed are tried', () => {
  expect(closedAddresses().length).toBeGreaterThan(500);
});

test.skipIf(whyNoNamespace === null)(
  `no socket is opened for any of them, without a network of the test's own: ${whyNoNamespace}`,
  async () => {
    const { literals } = (await runScript(script, { isolated: false })) as Report;
    expect(literals.result.unexpected).toEqual([]);
    expect(literals.sockets).toBe(0);
  },
);

describe.runIf(whyNoNamespace === null && hasOpenssl)(
  'in a network where every address answers',
  () => {
    test('none of them is connected to, whoever names it', async () => {
      const own = authority();
      const { cert, key } = own.issue('bots', 'DNS:*.out.test');
      const report = (await runScript(script, {
        isolated: true,
        args: ['--isolated'],
        env: {
          TLS_CERT: cert,
          TLS_KEY: key,
          NODE_EXTRA_CA_CERTS: own.ca,
          // A proxy would make the connections itself, so those of the environment must not count.
          HTTPS_PROXY: 'http://10.0.0.1:3128',
          HTTP_PROXY: 'http://10.0.0.1:3128',
          ALL_PROXY: 'http://10.0.0.1:3128',
          NODE_USE_ENV_PROXY: '1',
        },
      })) as Report;
      const none = { sockets: 0, opens: 0 };
      const one = { sockets: 1, opens: 1 };

      expect(report.control).toMatchObject({ opens: 4 });

      expect(report.literals.result.unexpected).toEqual([]);
      expect(report.literals).toMatchObject(none);

      expect(report.names.result.unexpected).toEqual([]);
      expect(report.names).toMatchObject(none);

      const { tried, followed } = report.redirects.result;
      expect(followed).toEqual([]);
      expect(report.redirects).toMatchObject({ sockets: tried, opens: tried });

      const { later, first, six, reached } = report.rebinding;
      expect(later).toMatchObject({ ...one, lookups: 1, result: { answer: { status: 200 } } });
      expect(first).toMatchObject({ ...none, lookups: 1, result: { fault: 'refused' } });
      expect(six).toMatchObject({ lookups: 1, result: { answer: { status: 200 } } });
      expect(reached).toEqual(['93.184.216.34', '2606:2800:220:1::1']);

      const { open, closed } = report.range;
      expect(open).toMatchObject({ ...one, result: { answer: { status: 200 } } });
      expect(closed).toMatchObject(none);
      expect(closed.result.map(({ fault }) => fault)).toEqual(Array(6).fill('refused'));
    });
  },
);
