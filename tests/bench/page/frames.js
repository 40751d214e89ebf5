// A worker through which received audio passes: it says when the first frame of each receiver came that carries sound.
// The sender measures how loud each frame is and says so in it (RFC 6464). Neither silence, which a link may send
// while it rings, nor padding, with which the browser probes the path, counts.
const SOUND = 0.001;

globalThis.onrtctransform = ({ transformer }) => {
  const { readable, writable, options } = transformer;
  let isFirst = true;
  const note = new TransformStream({
    transform(frame, controller) {
      if (isFirst && frame.getMetadata().audioLevel > SOUND) {
        isFirst = false;
        globalThis.postMessage({ id: options.id, at: performance.timeOrigin + performance.now() });
      }
      controller.enqueue(frame);
    },
  });
  readable.pipeThrough(note).pipeTo(writable).catch(() => {});
};
