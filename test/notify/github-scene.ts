/** A database whose channel `tracker` writes issues into a server that answers as GitHub does. */
import { sql } from 'kysely';
import { serveGitHub } from '../github/server.ts';
import { repositoryState } from '../github/state.ts';
import { scene } from './scene.ts';
import { setNotifications } from './tickets.ts';

let serial = 0;

export async function trackerScene() {
  const token = `ghp_${String(++serial).padStart(36, 'g')}`;
  const { url, host, state } = await serveGitHub([repositoryState('acme/alarms', new Date())]);
  state.token = token;
  const flow = await scene({ secrets: { GITHUB_TOKEN: token } });
  await setNotifications(flow.db, {
    channels: {
      tracker: {
        kind: 'github-issue',
        repository: 'acme/alarms',
        token: '{{secret:GITHUB_TOKEN}}',
        base_url: url,
      },
    },
    routes: [{ to: ['tracker'] }],
    hosts: [host],
  });
  await sql`INSERT INTO engine.channels (name) VALUES ('tracker')`.execute(flow.db);
  const issues = () => state.issues.get('acme/alarms') ?? [];
  return { ...flow, state, issues };
}
