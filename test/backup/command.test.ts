/** A backup that goes through a command: what the command has not taken whole is no backup, and no process of it is left. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import {
  BackupCommandError,
  readFromCommand,
  writeToCommand,
} from '../../src/backup/output/command.ts';
import { backupFolder } from './scene.ts';

const chunks = (count: number) =>
  Readable.from(Array.from({ length: count }, (_each, index) => Buffer.alloc(65_536, index % 251)));

const { signal } = new AbortController();

/** A process that has ended may wait as a zombie for a parent that asks for its exit code. */
const isAlive = (pid: number) =>
  existsSync(`/proc/${pid}/stat`) && !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');

// One chunk fits into the buffers of the system: there no write fails.
test.each([1, 64])('%i pieces: taken whole, or no backup', async (count) => {
  const file = join(backupFolder(), 'taken');
  const { bytes } = await writeToCommand(`cat > '${file}'`, chunks(count), signal);
  expect(bytes).toBe(count * 65_536);
  expect(readFileSync(file)).toEqual(await buffer(chunks(count)));
  for (const command of [
    'exit 0',
    'true',
    'head -c 100 > /dev/null',
    'exec 0<&-; sleep 0.2',
    'cat > /dev/null; exit 1',
    'cat > /dev/null; kill -9 $$',
    'no-such-program',
  ])
    await expect(writeToCommand(command, chunks(count), signal), command).rejects.toThrow(
      BackupCommandError,
    );
});

test('what a command prints is in the error, and only its end', async () => {
  const refused = writeToCommand(
    "cat > /dev/null; yes no | head -c 9000 >&2; echo 'disk full' >&2; exit 3",
    chunks(2),
    signal,
  );
  await expect(refused).rejects.toThrow(/exit code 3: [\s\S]*disk full/);
  await refused.catch((error: Error) => expect(error.message.length).toBeLessThan(3_000));
});

test('when the backup fails, the command ends without success, with all its processes', async () => {
  const place = backupFolder();
  const [part, whole, pids] = ['part', 'whole', 'pids'].map((name) => join(place, name)) as [
    string,
    string,
    string,
  ];
  // A reader of its input that would take an early end for a whole backup.
  const command = `sleep 1000 & echo $! > '${pids}'; cat > '${part}' && mv '${part}' '${whole}'`;
  const failing = async function* () {
    yield Buffer.alloc(65_536, 1);
    while (!existsSync(pids) || readFileSync(pids, 'utf8') === '' || !existsSync(part))
      await new Promise((resolve) => setTimeout(resolve, 10));
    throw new Error('the server is gone');
  };
  await expect(writeToCommand(command, Readable.from(failing()), signal)).rejects.toThrow(
    'the server is gone',
  );
  expect(existsSync(part)).toBe(true);
  expect(existsSync(whole)).toBe(false);
  expect(isAlive(Number(readFileSync(pids, 'utf8')))).toBe(false);
});

test.each(['sleep 1000; true', 'cat > /dev/null; sleep 1000; true'])(
  'a command that does not end is ended when the backup is stopped: %s',
  async (command) => {
    const pid = join(backupFolder(), 'pid');
    const stop = new AbortController();
    const stopped = writeToCommand(`echo $$ > '${pid}'; ${command}`, chunks(64), stop.signal);
    const refused = expect(stopped).rejects.toThrow('stopped by a test');
    while (!existsSync(pid) || readFileSync(pid, 'utf8') === '')
      await new Promise((resolve) => setTimeout(resolve, 10));
    stop.abort(new Error('stopped by a test'));
    await refused;
    expect(isAlive(Number(readFileSync(pid, 'utf8')))).toBe(false);
  },
);

test('a command that gives a backup back is ended when its reader stops, and its failure is told', async () => {
  const pid = join(backupFolder(), 'pid');
  for await (const chunk of readFromCommand(`echo $$ > '${pid}'; yes; true`, signal)) {
    expect(chunk.length).toBeGreaterThan(0);
    break;
  }
  expect(isAlive(Number(readFileSync(pid, 'utf8')))).toBe(false);
  await expect(buffer(Readable.from(readFromCommand('echo part; exit 4', signal)))).rejects.toThrow(
    'exit code 4',
  );
});

test('a command that prints nothing is ended when what reads it is stopped', async () => {
  const pid = join(backupFolder(), 'pid');
  const stop = new AbortController();
  const read = buffer(
    Readable.from(readFromCommand(`echo $$ > '${pid}'; sleep 1000; true`, stop.signal)),
  );
  const refused = expect(read).rejects.toThrow('stopped by a test');
  while (!existsSync(pid) || readFileSync(pid, 'utf8') === '')
    await new Promise((resolve) => setTimeout(resolve, 10));
  stop.abort(new Error('stopped by a test'));
  await refused;
  expect(isAlive(Number(readFileSync(pid, 'utf8')))).toBe(false);
});
