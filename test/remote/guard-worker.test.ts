/** The real worker runs bots at addresses to which no connection may go, in a network in which every address answers. */
import { expect, test } from 'vitest';
import { authority, hasOpenssl } from '../support/certificates.ts';
import { runScript, whyNoNamespace } from '../support/namespace.ts';

const script = new URL('guard/inside-worker.ts', import.meta.url).pathname;

interface Report {
  runs: {
    name: string;
    api_endpoint: string;
    bot: string;
    status: string | null;
    error_message: string | null;
  }[];
  arrived: string[];
  control: string[];
  said: string;
}

test.runIf(whyNoNamespace === null && hasOpenssl)(
  'each run fails or its bot cannot run, and only the public address is connected to',
  async () => {
    const own = authority();
    const { cert, key } = own.issue('bots', 'DNS:*.out.test');
    const report = (await runScript(script, {
      isolated: true,
      env: { TLS_CERT: cert, TLS_KEY: key, NODE_EXTRA_CA_CERTS: own.ca },
    })) as Report;

    expect(report.control, report.said).toEqual(['169.254.169.254 443']);
    expect(report.arrived).toEqual(['93.184.216.34 443']);
    expect(report.runs.length).toBeGreaterThan(500);
    const good = report.runs.find(({ status }) => status === 'success');
    expect(good?.api_endpoint).toBe('https://good.out.test/api');

    const others = report.runs.filter((run) => run !== good);
    const why = /^api_endpoint: |not called: .* (is refused|allowed hosts)/;
    const odd = others.filter(
      ({ status, error_message }) => status !== 'failed' || !why.test(error_message ?? ''),
    );
    expect(odd).toEqual([]);
  },
  300_000,
);
