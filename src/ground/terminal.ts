import { isatty } from 'node:tty';

/** Whether any of the standard streams is a terminal: `nohup` and service managers start a process without one. */
export const hasTerminal = [0, 1, 2].some((descriptor) => isatty(descriptor));
