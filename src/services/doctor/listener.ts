import { nodeName } from '../progress/canary-stop.ts';
import type { Facts } from '../progress/facts.ts';
import { listenerGone, openListeners, sendersInWords } from '../progress/listening.ts';
import { fail, ok, type Diagnosis } from './diagnosis.ts';

/** Whether a process listens for what sources and asynchronous bots send; no diagnosis where nothing is sent and nothing listens. */
export function examineListener(facts: Facts): Diagnosis[] {
  const need = listenerGone(facts, true);
  if (need) return [fail('Listener', need.what, need.try)];
  const senders = sendersInWords(facts);
  const open = openListeners(facts);
  if (open.length === 0) return [];
  const where = open.map((each) => `${nodeName(each)} listens on ${each.address}`).join(', ');
  const what = senders === null ? ', and nothing is sent to it yet' : ` for what ${senders}`;
  // It has an environment of its own, and may lack what this process has.
  const unknown =
    facts.listening.sources === 0
      ? ''
      : '; whether it can open the secrets of sources is not known here: `npx roundsman sources test <name>` shows it';
  return [ok('Listener', `${where}${what}${unknown}`)];
}
