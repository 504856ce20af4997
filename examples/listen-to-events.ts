/**
 * A worker in the process of an application that listens to its events, here until a run of the bot has ended.
 *
 *     npx node examples/listen-to-events.ts
 *
 * For the database see embed-the-engine.ts. Events are of one process and are not kept: what must not be missed is in the
 * rows (docs/events.md has the list, and what each event has for facts).
 */
import { enqueueRun, startEngine, type EngineEvent } from 'roundsman';

process.env.ROUNDSMAN_HOME ??= '.roundsman-example';

function onEvent({ name, facts }: EngineEvent): void {
  if (name === 'finding.opened') console.log(`found in ${facts.component} (${facts.severity})`);
  if (name === 'heal.verified') console.log(`${facts.remedy} has helped`);
  if (name === 'ticket.opened') console.log(`a person has to look at ${facts.ticket}`);
}

const catalogue = new URL('./a-bot-in-a-file.ts', import.meta.url);
const engine = await startEngine({ role: 'worker', catalogue, migrate: true, onEvent });
const ended = new Promise<string>((resolve) => {
  engine.subscribe(({ name, facts }) => name === 'run.ended' && resolve(facts.status));
});
await enqueueRun(engine.db, 'editor');
console.log(await ended);
await engine.stop();
