/**
 * What a remedy changes about bots, the engine does for it: in the transaction of the remedy, so that the change and
 * its record commit together. A remedy outside has no transaction: each change is committed by itself, and stays when
 * what follows fails. A remedy writes no status of a bot or a run itself.
 */
export interface BotChanges {
  /**
   * Queues one run of a bot now, outside of its schedule. Takes its id, returns the run's. Throws where the bot is
   * disabled or in error.
   */
  queueRun(botId: string): Promise<{ id: string }>;
  /** Pauses an active bot. Throws NotAppliedError where it is not active any more. */
  pauseBot(botId: string, reason: string): Promise<void>;
  /** Lets a paused bot run again. Throws NotAppliedError where it is not paused any more. */
  resumeBot(botId: string): Promise<void>;
}
