/** A process without a heartbeat for this long counts as gone. */
export const nodeTimeoutSeconds = 15;
