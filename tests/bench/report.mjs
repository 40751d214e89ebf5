import { median, quantile, ratioInterval } from './stats.mjs';
import { FLOOR } from './setup-time.mjs';

/** Returns the results as a few lines for the terminal. */
export function summary(result) {
  const lines = setupRows(result).map(
    ([name, received, p90, ratio, , heard]) => `${name.padEnd(34)}${received} ms (p90 ${p90}), ${ratio} of the floor; sound ${heard} ms`,
  );
  if (result.init) lines.push(`init(): ${ms(median(result.init))} ms (p90 ${ms(quantile(result.init, 0.9))})`);
  if (result.sizes) lines.push(sizeRows(result.sizes).map(([name, size]) => `${name} ${size} KB`).join(', '));
  return lines.join('\n');
}

/** Returns the whole of BENCHMARKS.md. */
export function markdown(result) {
  return [intro(result), setupSection(result), initSection(result), sizeSection(result), reproduce(result)].join('\n');
}

/** Returns the figures that the README shows. */
export function figures(result) {
  const ours = result.setup.Ringback;
  const base = result.setup[FLOOR];
  const others = Object.entries(result.setup).filter(([name]) => !name.startsWith('Ringback') && name !== FLOOR);
  const beside = others.map(([name, { received }]) => `${name} ${ms(median(received))} ms`).join(', ');
  const sizes = sizeRows(result.sizes);
  const othersSize = sizes.slice(1).map(([name, size]) => `${name} ${size} KB`).join(', ');
  return [
    '| | Ringback | beside it |',
    '|---|---|---|',
    `| from accept to the first audio on both sides (median, loopback) | ${ms(median(ours.received))} ms | two bare \`RTCPeerConnection\`s in one page ${ms(median(base.received))} ms, ${beside} |`,
    `| over the network (WebAssembly and JavaScript, brotli) | ${sizes[0][1]} KB | ${othersSize} |`,
    `| \`init()\` (median, warm cache) | ${ms(median(result.init))} ms | |`,
    '',
  ].join('\n');
}

const ms = (value) => value.toFixed(value < 10 ? 1 : 0);
const kb = (bytes) => (bytes / 1000).toFixed(1);
const table = (head, rows) => [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

function setupRows({ setup }) {
  const base = setup[FLOOR];
  return Object.entries(setup).map(([name, { received, heard }]) => {
    const ratio = median(received) / median(base.received);
    const [low, high] = ratioInterval(received, base.received);
    return [
      name,
      ms(median(received)),
      ms(quantile(received, 0.9)),
      `${ratio.toFixed(2)}x`,
      name === FLOOR ? '' : `${low.toFixed(2)} to ${high.toFixed(2)}`,
      ms(median(heard)),
      ms(quantile(heard, 0.9)),
      `${(median(heard) / median(base.heard)).toFixed(2)}x`,
    ];
  });
}

const sizeRows = (sizes) => Object.entries(sizes).map(([name, size]) => [name, kb(size)]);

function intro({ machine }) {
  return `# Benchmarks

Written by \`npm run bench -- --write\` on ${machine.date}; not edited by hand.

Machine: ${machine.cpu}, ${machine.memory}, ${machine.system}; ${machine.browser}; Node ${machine.node}; load average after the calls ${machine.load}.
Versions: ${Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`).join(', ')}.
`;
}

function setupSection(result) {
  const head = [' ', 'audio arrives, median ms', 'p90', 'of the floor', '95 % interval', 'sound plays, median ms', 'p90', 'of the floor'];
  return `## From accept to audio on both sides

${table(head, setupRows(result))}

${result.rounds} calls of each in one run, taking turns, with the order rotated, after warm-up calls that do not count. A call rings for ${result.ringMs} ms, as a person takes to reach for the button. The clock starts when the callee accepts. *Audio arrives* is the arrival of the first frame that carries sound at whichever side gets it last: received audio passes through a worker (WebRTC Encoded Transform), and every packet says how loud it is (RFC 6464), so that neither silence nor padding counts. *Sound plays* is when \`getSynchronizationSources\` of the later side first reports a level above silence.

All of them share one page of one headless Chromium, on loopback, without STUN, over WebSocket where there is a choice; caller and callee each have a socket of their own. The microphone is a steady tone and permission has been given. Echo cancellation, noise suppression and gain control are off, because they would remove a tone.

- **floor**: two \`RTCPeerConnection\`s in that page, candidates handed over directly, both microphones open beforehand, measured from \`createOffer\`. No signaling can be faster and do the same work; one that has done part of it while ringing can.
- **Ringback**: \`acceptCall()\` on the callee's \`VoiceCallManager\`, which opens the microphone itself, against \`ringback-server --dev\` with SQLite.
- **Ringback, preconnect**: the same with \`preconnect: true\` on both sides, where the media path is made and carries silence while it rings, in a page that calls \`prepareToAccept()\` when the button goes down, 70 to 90 ms before the click: both microphones are then open at the accept, as those of the floor are. A call in which sound arrived before the accept would end the run.
- **Ringback, preconnect, unprepared**: the same without \`prepareToAccept()\`, so that the callee's microphone opens after the accept.
- **Ringback, reference flow**: the same with \`fastSetup: false\`, where the offer is made after the accept.
- **PeerJS**: \`getUserMedia\` at accept, then \`call.answer(stream)\`, with its own server.
- **simple-peer**: \`getUserMedia\` at accept, then the signals that came while ringing, with trickle, over a Socket.IO relay.
`;
}

function initSection({ init }) {
  if (!init) return '';
  return `## Starting the module

\`init()\` takes ${ms(median(init))} ms (median of ${init.length} page loads; p90 ${ms(quantile(init, 0.9))} ms) with a warm cache: fetch, compile and start. The import of the JavaScript comes before.
`;
}

function sizeSection({ sizes }) {
  if (!sizes) return '';
  return `## Over the network

${table([' ', 'KB after brotli'], sizeRows(sizes))}

Ringback is \`index.js\` and \`ringback_bg.wasm\`, without socket.io-client, which a chat application has already. simple-peer is its own browser build; the others are everything that they export, bundled by esbuild, minified. A KB is 1,000 bytes.
`;
}

function reproduce({ rounds, ringMs }) {
  return `## To reproduce

\`\`\`sh
npm run bench                 # prints
npm run bench -- --write      # and rewrites this page and the figures in the README
\`\`\`

It needs what \`npm test\` needs, and fetches the contenders from npm into \`tests/bench\` the first time. This run: \`--rounds ${rounds} --ring ${ringMs}\`. Close other programs: the shares of a busy machine show in the p90 first.
`;
}
