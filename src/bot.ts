/**
 * The contract between the engine and the catalogue (bots/): all that a bot file imports.
 *
 * A bot is config in, plain results out. Nothing that crosses this line may be anything that
 * structured clone cannot carry, so that checks and remedies can run in another process.
 */
export { sql } from 'kysely';
export { z } from 'zod';
export * from './contract/bot.ts';
export * from './contract/bot-changes.ts';
export * from './contract/check.ts';
export * from './contract/event-check.ts';
export * from './contract/finding.ts';
export * from './contract/remedy.ts';
export { beginsWithReference, filledIn } from './ground/secrets/secret-reference.ts';
export { noteOnTicket } from './transitions/tickets/note.ts';
export { OutboundError, request, type OutboundAnswer } from './outbound/request.ts';
