/**
 * A process that runs its arguments as command lines, one after the other, each below a line with its words: for a terminal
 * in which many commands are looked at. A start costs 0.3 s of CPU.
 */
import { useCompileCache } from '../../src/bin/compile-cache.ts';

useCompileCache();
const { runCommandLine } = await import('../../src/bin/cli.ts');

for (const words of process.argv.slice(2)) {
  console.log(`$ ${words}`);
  await runCommandLine([process.execPath, 'roundsman', ...words.split(' ')]);
  // Each command line adds one for the process that it would have for itself.
  for (const stream of [process.stdout, process.stderr]) stream.removeAllListeners('error');
}
