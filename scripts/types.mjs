// Makes from the Rust code what others read: sdk/js/src/protocol.ts, docs/asyncapi.json, docs/openapi.json.
import { main, run } from './lib/run.mjs';

const env = { UPDATE: '1' };
const make = (...args) => run('cargo', ['test', '--quiet', ...args], { env });

await main(async () => {
  await make('-p', 'ringback-protocol', '--features', 'ts,schema', '--test', 'typescript', '--test', 'asyncapi');
  await make('-p', 'ringback-server', '--features', 'full', '--test', 'contract');
});
