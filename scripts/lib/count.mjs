// Counts tests by what the test runners print.
import { stripVTControlCharacters } from 'node:util';

/** Sums up the closing lines of `cargo test`. */
export function countCargo(output) {
  return sum(output, /^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored/gm);
}

/** Sums up the closing lines of Node's test runner. */
export function countNode(output) {
  const text = stripVTControlCharacters(output);
  const figure = (name) => [...text.matchAll(new RegExp(`^ℹ ${name} (\\d+)$`, 'gm'))].reduce((sum, [, n]) => sum + Number(n), 0);
  return { passed: figure('pass'), failed: figure('fail') + figure('cancelled'), skipped: figure('skipped') + figure('todo') };
}

function sum(output, pattern) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const [, passed, failed, skipped] of stripVTControlCharacters(output).matchAll(pattern)) {
    total.passed += Number(passed);
    total.failed += Number(failed);
    total.skipped += Number(skipped);
  }
  return total;
}
