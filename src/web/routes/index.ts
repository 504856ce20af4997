import type { Route } from '../request/route.ts';
import { health } from './health.ts';
import { incoming } from './incoming.ts';
import { remote } from './remote.ts';

/** Every address that `roundsman web` answers: adding one is one file and one line. */
export const routes: readonly Route[] = [health, incoming, remote];
