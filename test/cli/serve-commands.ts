/**
 * A process that has loaded the command line once and runs one command after the other, as each would run in a process
 * of its own: its environment, its output, its exit code, and nothing left open. A start costs 0.3 s of CPU.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { useCompileCache } from '../../src/bin/compile-cache.ts';

export interface CommandLine {
  args: string[];
  env: Record<string, string>;
}

export interface Served {
  code: number;
  out: string;
  err: string;
}

const leftOpenMs = 10_000;
const signals = ['SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGHUP'] as const;

useCompileCache();
const { runCommandLine } = await import('../../src/bin/cli.ts');

/** What keeps this process alive. */
const open = (): string[] => process.getActiveResourcesInfo().toSorted();

/** Replaces what `stream` writes to; returns what has been written, and puts it back. */
function hearing(stream: NodeJS.WriteStream): () => string {
  const { write } = stream;
  let heard = '';
  stream.write = (text: string | Uint8Array, ...rest: unknown[]) => {
    heard += typeof text === 'string' ? text : Buffer.from(text).toString();
    const told = rest.findLast((each) => typeof each === 'function');
    if (told) process.nextTick(told);
    return true;
  };
  return () => {
    stream.write = write;
    stream.removeAllListeners('error');
    return heard;
  };
}

/** A process of its own would not end before this does. */
async function untilAsFewAreOpen(idle: number, args: string[]): Promise<void> {
  const until = performance.now() + leftOpenMs;
  while (open().length > idle) {
    if (performance.now() > until)
      throw new Error(`${args.join(' ')} left this open: ${open().join(', ')}`);
    await sleep(2);
  }
}

async function serve({ args, env }: CommandLine): Promise<Served> {
  for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
  Object.assign(process.env, env);
  process.exitCode = undefined;
  const before = new Map(signals.map((signal) => [signal, process.listeners(signal)]));
  const [out, err] = [hearing(process.stdout), hearing(process.stderr)];
  const idle = open().length;
  let served: Served;
  try {
    await runCommandLine([process.execPath, 'roundsman', ...args]);
  } finally {
    served = { code: Number(process.exitCode ?? 0), out: out(), err: err() };
    process.exitCode = undefined;
    for (const signal of signals)
      for (const listener of process.listeners(signal))
        if (!before.get(signal)!.includes(listener)) process.off(signal, listener);
  }
  // A command that failed ends its process itself, whatever is open.
  if (served.code === 0) await untilAsFewAreOpen(idle, args);
  return served;
}

process.on('message', (line: CommandLine) => {
  void serve(line).then(
    (served) => process.send!(served),
    (error: Error) => process.send!({ error: error.stack }),
  );
});
process.send!('ready');
