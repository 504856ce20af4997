/** Writes a backup's file and is killed between the note in its row and the file's name. Arguments: address, folder, id, name, content. */
import { Readable } from 'node:stream';
import { writeToFolder } from '../../src/backup/output/folder.ts';
import { connect } from '../../src/database/connect.ts';
import { noteWritten } from '../../src/transitions/backups/note-written.ts';

const [url, folder, id, name, content] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
];
await writeToFolder(folder, name, Readable.from([Buffer.from(content)]), async (written) => {
  await noteWritten(connect(url), id, {
    file_name: name,
    bytes: String(written.bytes),
    sha256: written.sha256,
    server_version: '18.4',
    tables: 1,
    rows: '1',
    left_out: 0,
    taken_at: new Date(),
  });
  process.kill(process.pid, 'SIGKILL');
  await new Promise(() => {});
});
