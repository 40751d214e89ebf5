// `npm run audit`: licences, sources and known vulnerabilities of everything that is used.
//
// Ends with 1 when something was found, and also when a database could not be reached: what was
// not checked is not clean.
import { join } from 'node:path';

import { root, which } from './lib/paths.mjs';
import { capture, main, Stop } from './lib/run.mjs';

const CARGO_FOLDERS = ['.', 'fuzz', 'tests/bench/load'];
const NPM_FOLDERS = ['.', 'tests/bench', 'examples/chat-app', 'examples/react'];
const UNREACHABLE = /failed to fetch advisory database|audit endpoint returned an error|ENOTFOUND|EAI_AGAIN|ECONNREFUSED/;

const CHECKS = [
  cargo('licences of what is handed out', '.', 'licenses'),
  ...CARGO_FOLDERS.flatMap((folder) => [
    cargo(`bans and sources of crates of ${folder}`, folder, 'bans', 'sources'),
    cargo(`advisories on crates of ${folder}`, folder, 'advisories'),
  ]),
  ...NPM_FOLDERS.map((folder) => ({
    what: `advisories on npm packages of ${folder}`,
    command: 'npm',
    args: ['audit', '--audit-level=low', '--package-lock-only'],
    cwd: join(root, folder),
  })),
];

function cargo(what, folder, ...checks) {
  const args = ['--log-level', 'error', 'check', '--hide-inclusion-graph', '--allow', 'duplicate', ...checks];
  return { what, command: 'cargo-deny', args, cwd: join(root, folder) };
}

async function outcome({ command, args, cwd }) {
  const { code, output } = await capture(command, args, { cwd });
  if (code === 0) return { says: 'clean' };
  if (UNREACHABLE.test(output)) return { says: 'NOT CHECKED: the database could not be reached', output };
  return { says: 'found something', output };
}

await main(async () => {
  if (!which('cargo-deny', 'cargo-deny.exe')) throw new Stop('cargo-deny is missing: `cargo install cargo-deny --locked`, and run this again.');
  let clean = true;
  for (const check of CHECKS) {
    const { says, output } = await outcome(check);
    console.log(`• ${check.what}: ${says}`);
    if (output) console.log(output.trimEnd().replace(/^/gm, '    '));
    clean &&= says === 'clean';
  }
  if (!clean) throw new Stop('Not everything is clean.');
});
