#!/usr/bin/env node
// npm links the commands of a clone's workspaces into node_modules/.bin, and none of the clone itself.
// It runs as it is loaded, and exports nothing.
// oxlint-disable-next-line import/no-unassigned-import
import '../src/bin/roundsman.js';
