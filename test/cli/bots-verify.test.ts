/** The commands of remote bots: added by their address, verified line by line, shown with their settings and secrets. */
import { expect, test } from 'vitest';
