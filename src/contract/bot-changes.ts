/**
 * Changes of bots, and of the mode, that the engine makes for a remedy: in the remedy's transaction, so that the change and its record
 * commit together. A remedy with `outside` has no transaction: each change is committed by itself, and stays when a
 * later step fails. A remedy itself writes no status of a bot or a run.
 */
export interface BotChanges {
  /**
   * Queues one run of a bot now, outside of its schedule. Takes the bot's id, returns the run's id. Throws where the
   * bot is disabled or in error.
   */
  queueRun(botId: string): Promise<{ id: string }>;
  /** Pauses an active bot. Throws NotAppliedError where it is no longer active. */
  pauseBot(botId: string, reason: string): Promise<void>;
  /** Lets a paused bot run again. Throws NotAppliedError where it is no longer paused. */
  resumeBot(botId: string): Promise<void>;
  /** Sets the mode of healing, with the reason that people read. Throws NotAppliedError where it is set already. */
  setMode(mode: 'off' | 'safe' | 'auto', reason: string): Promise<void>;
}
