/** What the engine may reach outside, and where it is reached. */
import { connectivityUrl, httpHosts, webUrl } from '../../../data/settings/rows.ts';
import { problemOfAddress, problemOfWebAddress } from '../../../ground/addresses/http-address.ts';
import { printable } from '../../../ground/text.ts';
import { problemOfEntry } from '../../../outbound/hosts.ts';
import { UnfitValue, type EngineSetting } from './setting.ts';

export const outsideSettings = [
  {
    name: connectivityUrl,
    meaning:
      'an address that each worker can reach, for example of your provider: where a check that looks outside reports a problem and this address gives no answer either, the check is skipped. Not set: nothing is asked',
    example: 'https://example.com/',
    read(text) {
      const problem = problemOfAddress(text);
      if (problem) throw new UnfitValue(problem);
      return text;
    },
  },
  {
    name: httpHosts,
    meaning:
      'hosts to which remedies may send requests, with commas: host for ports 80 and 443 at public addresses, host:port for exactly that port, also where it is not public; checks may ask those with a port there, too; a range such as 10.1.0.0/16 lets the hosts without a port lead to a private network. Not set: none',
    example: 'hooks.example.com,10.0.0.5:8080',
    read(text) {
      const hosts = [...new Set(text.split(',').map((each) => each.trim().toLowerCase()))];
      for (const each of hosts) {
        const problem = problemOfEntry(each);
        if (problem) throw new UnfitValue(`${JSON.stringify(printable(each))}: ${problem}`);
      }
      return hosts;
    },
  },
  {
    name: webUrl,
    meaning:
      'the address at which other systems reach `roundsman web`: asynchronous remote bots report there. https, or http on this machine itself; behind a proxy the address of the proxy. Not set: those bots are not called',
    example: 'https://roundsman.example.com',
    read(text) {
      const problem = problemOfWebAddress(text);
      if (problem) throw new UnfitValue(problem);
      return text;
    },
  },
] as const satisfies readonly EngineSetting[];
