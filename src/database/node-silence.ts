/** A process without a heartbeat for this long counts as gone. */
export const nodeSilenceSeconds = 15;
