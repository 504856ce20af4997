/** A gate that is told of answers, without waiting. */
import { gateOf } from '../../src/github/gate.ts';

export function noteFor(id: string) {
  const gate = gateOf(`gate ${id}`);
  const answer = (status: number, body: object) => ({
    status,
    body: JSON.stringify(body),
    headers: { date: new Date().toUTCString() },
    cut: false,
    ms: 1,
  });
  const url = 'https://api.github.test/repos/acme/shop/issues';
  return {
    /** the wait in seconds that such an answer asks for */
    limited: (status: number, body: object, writes: boolean): number =>
      Math.round(
        (gate.note({ method: writes ? 'POST' : 'GET', url }, answer(status, body)) ?? 0) / 1_000,
      ),
    fine: (writes: boolean) => gate.note({ method: writes ? 'POST' : 'GET', url }, answer(200, {})),
  };
}
