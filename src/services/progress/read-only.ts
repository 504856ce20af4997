/** A database that takes no writes: no run starts, and living processes cannot write their heartbeat. */
import { botsThatAre, schedulersOf, workersOf, type Facts } from './facts.ts';

/**
 * Whether the database takes no writes. If only this session is known to be refused, others may write: then it counts only where
 * there is work and no living process does it.
 */
export function takesNoWrites(facts: Facts): boolean {
  const { readOnly, nodes, waiting } = facts;
  if (readOnly === null) return false;
  if (readOnly.forAll) return true;
  const someAlive = schedulersOf(nodes).length > 0 || workersOf(nodes).length > 0;
  const isWork = botsThatAre(facts, 'active') + waiting.count > 0;
  return isWork && !someAlive;
}

/** The cause, with the place where it was set: `default_transaction_read_only is on (configuration file)`. */
export const readOnlyInWords = ({ why }: NonNullable<Facts['readOnly']>): string =>
  `the database takes no writes: ${why}`;
