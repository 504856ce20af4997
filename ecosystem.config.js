// For pm2: the scheduler and the workers as processes of their own, on your own database.
//   DATABASE_URL=postgres://... REDIS_URL=redis://... pm2 start ecosystem.config.js
// Both stop on SIGINT: running bots get 10 seconds to end, the rest is given back.
const shared = {
  script: 'src/bin/roundsman.js',
  // the Node 24 that `npm install` brings along; remove the line to use your own
  interpreter: 'node_modules/.bin/node',
  exec_mode: 'fork',
  kill_timeout: 15_000,
  exp_backoff_restart_delay: 200,
};

export const apps = [
  { ...shared, name: 'roundsman-scheduler', args: 'scheduler' },
  { ...shared, name: 'roundsman-worker', args: 'worker', instances: 2 },
];
