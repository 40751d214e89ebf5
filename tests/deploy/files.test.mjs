// What stands in `deploy` is valid, and sets nothing that the server does not know.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

import Ajv from 'ajv';
import { parse } from 'yaml';

const run = promisify(execFile);
const url = (path) => new URL(`../../${path}`, import.meta.url);
const read = (path) => readFile(url(path), 'utf8');
const compose = parse(await read('deploy/compose.yaml'), { merge: true });
const settings = [...(await read('docs/configuration.md')).matchAll(/^\| `--[\w-]+` \| `(\w+)` \|/gm)].map(([, variable]) => variable);
const deployment = await read('docs/deployment.md');

test('the compose file is valid', async () => {
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false, validateSchema: false });
  const { $schema, ...schema } = JSON.parse(await read('node_modules/dclint/schemas/compose.schema.json'));
  const validate = ajv.compile(schema);
  assert.ok(validate(compose), `${$schema}: ${JSON.stringify(validate.errors, null, 2)}`);
  assert.equal(validate({ services: { node: { imagine: 'x' } } }), false, 'one that is not valid is found out');
});

test('three nodes set nothing that is no setting, and every file that is mounted is there', () => {
  const nodes = Object.entries(compose.services).filter(([name]) => /^ringback-\d$/.test(name));
  assert.equal(nodes.length, 3);
  for (const [name, { environment }] of nodes) {
    for (const variable of Object.keys(environment)) assert.ok(settings.includes(variable), `${name}: ${variable}`);
  }
  const mounts = Object.values(compose.services).flatMap(({ volumes = [] }) => volumes).filter((mount) => mount.startsWith('./'));
  assert.ok(mounts.length >= 3);
  for (const mount of mounts) {
    const path = join('deploy', mount.split(':')[0]);
    assert.ok(existsSync(url(path)) || deployment.includes(`> ${path}`), path);
  }
});

test('every variable that the compose file wants is set in the walkthrough', async () => {
  const wanted = [...(await read('deploy/compose.yaml')).matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name);
  assert.ok(wanted.length >= 5);
  for (const name of wanted) assert.match(deployment, new RegExp(`^${name}=`, 'm'), name);
});

test('every variable of a node in the walkthrough is a setting', () => {
  const [, environment] = deployment.match(/ringback\.env[^]*?<<EOF\n([^]*?)\nEOF/);
  for (const [, variable] of environment.matchAll(/^(\w+)=/gm)) assert.ok(settings.includes(variable), variable);
});

test('the image sets nothing that is no setting', async () => {
  const [, block] = (await read('deploy/Dockerfile')).match(/^ENV ([^]*?)\n(?=\w)/m);
  for (const [, variable] of block.matchAll(/(\w+)=/g)) assert.ok(settings.includes(variable), variable);
});

test('systemd takes the unit, and calls it well locked up', async (t) => {
  if (!existsSync('/usr/bin/systemd-analyze')) return t.skip('there is no systemd here');
  const folder = await mkdtemp(join(tmpdir(), 'ringback-unit-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const unit = join(folder, 'ringback.service');
  // The binary is not installed here.
  await writeFile(unit, (await read('deploy/systemd/ringback.service')).replace('/usr/local/bin/ringback-server', process.execPath));
  const { stderr } = await run('systemd-analyze', ['verify', unit]);
  assert.equal(stderr, '');
  const { stdout } = await run('systemd-analyze', ['security', '--offline=yes', unit]);
  const [, exposure] = stdout.match(/Overall exposure level for \S+: ([\d.]+)/);
  assert.ok(Number(exposure) <= 2, stdout);
});

test('systemd starts a node again for as long as its database is away', async () => {
  // Else it gives up when five starts fail within ten seconds (systemd.unit).
  assert.match(await read('deploy/systemd/ringback.service'), /^\[Unit\][^[]*^StartLimitIntervalSec=0$/m);
});
