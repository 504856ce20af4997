/** A database that takes no writes: no run starts, and living processes cannot write their heartbeat. */
import { botsThatAre, schedulersOf, workersOf, type Facts } from './facts.ts';

/**
 * Whether the database takes no writes: none from any session; or none from this session, while no living process shows that others
 * can write.
 */
export function takesNoWrites(facts: Facts): boolean {
  const { readOnly, nodes, waiting } = facts;
  if (readOnly === null || readOnly.forAll) return readOnly !== null;
  const someAlive = schedulersOf(nodes).length > 0 || workersOf(nodes).length > 0;
  return !someAlive && botsThatAre(facts, 'active') + waiting.count > 0;
}

/** The cause, with the place where it was set: `default_transaction_read_only is on (configuration file)`. */
export const readOnlyInWords = ({ why }: NonNullable<Facts['readOnly']>): string =>
  `the database takes no writes: ${why}`;
