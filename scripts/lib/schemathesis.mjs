// schemathesis, which asks a server what its OpenAPI document allows and what it does not.
import { join } from 'node:path';

import { installDebian } from './debian.mjs';
import { isExecutable, toolFolder, which } from './paths.mjs';
import { capture, run, step } from './run.mjs';

const VERSION = '4.32.5';

/** Installs it into a virtual environment that is kept, and says where it is. */
export async function installSchemathesis() {
  const folder = toolFolder('schemathesis', VERSION);
  const program = join(folder, 'bin', 'schemathesis');
  if (!isExecutable(program) || (await capture(program, ['--version'])).code !== 0) {
    await installDebian({ python3: which('python3') ? null : 'python3', venv: (await hasVenv()) ? null : 'python3-venv' });
    await step(`schemathesis ${VERSION}: installed once, kept in ${folder}`, async () => {
      await run('python3', ['-m', 'venv', '--clear', folder]);
      await run(join(folder, 'bin', 'pip'), ['install', '--quiet', '--disable-pip-version-check', `schemathesis==${VERSION}`]);
    });
  }
  process.env.SCHEMATHESIS = program;
}

const hasVenv = async () => Boolean(which('python3')) && (await capture('python3', ['-c', 'import ensurepip, venv'])).code === 0;
