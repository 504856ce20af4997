/** What a delivery gives a channel, with the real guard and one allowed address. */
import { isIP } from 'node:net';
import type { ChannelContext } from '../../src/notify/channel.ts';
import { request } from '../../src/outbound/request.ts';
import type { Addresses } from '../../src/outbound/resolve.ts';

interface Given<Config> {
  config: Config;
  /** `127.0.0.1:8080` */
  host: string;
  before?: ChannelContext<Config>['before'];
  reached?: readonly string[];
  timeoutMs?: number;
  signal?: AbortSignal;
  /** of a host that is a name */
  addresses?: string[];
}

export const contextOf = <Config>({
  config,
  host,
  before = null,
  reached = [],
  timeoutMs = 10_000,
  signal = AbortSignal.timeout(timeoutMs),
  addresses = ['127.0.0.1'],
}: Given<Config>): ChannelContext<Config> => ({
  config,
  signal,
  before,
  reached,
  request: (outbound, more) => request(outbound, { hosts: [host], signal, timeoutMs, ...more }),
  resolve: (name) =>
    Promise.resolve(
      (isIP(name) === 0 ? addresses : [name]).map((address) => ({
        address,
        family: isIP(address),
      })) as Addresses,
    ),
});
