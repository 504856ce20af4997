/** What a delivery gives a channel, with the real guard and one allowed address. */
import { isIP } from 'node:net';
import type { ChannelContext } from '../../src/notify/channel.ts';
import { request } from '../../src/outbound/request.ts';

interface Given<Config> {
  config: Config;
  /** `127.0.0.1:8080` */
  host: string;
  before?: ChannelContext<Config>['before'];
  reached?: readonly string[];
  timeoutMs?: number;
  signal?: AbortSignal;
}

export const contextOf = <Config>({
  config,
  host,
  before = null,
  reached = [],
  timeoutMs = 10_000,
  signal = AbortSignal.timeout(timeoutMs),
}: Given<Config>): ChannelContext<Config> => ({
  config,
  signal,
  before,
  reached,
  request: (outbound) => request(outbound, { hosts: [host], signal, timeoutMs }),
  resolve: (name) =>
    Promise.resolve(
      isIP(name) === 6 ? { address: name, family: 6 } : { address: '127.0.0.1', family: 4 },
    ),
});
