/** Which values of `bots.api_endpoint` are the address of a remote bot. */
import { problemOfAddress } from '../ground/addresses/http-address.ts';

/** Whether the endpoint means an address, whether or not it is a usable one. */
export const isAddress = (endpoint: string): boolean => /^[a-z][a-z0-9+.-]*:\/\//i.test(endpoint);

/** Why a bot cannot be called at this address; null if it can. */
export function problemOfEndpoint(endpoint: string): string | null {
  const problem = problemOfAddress(endpoint);
  if (problem !== null) return problem;
  return new URL(endpoint).protocol === 'https:'
    ? null
    : 'a remote bot is called over https alone, because its secret and its answer cross the network';
}
