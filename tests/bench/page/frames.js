// A worker through which received audio passes: it says when the first frame of each receiver came.
// Packets of padding, with which the browser probes the path, are no frames and do not count.
globalThis.onrtctransform = ({ transformer }) => {
  const { readable, writable, options } = transformer;
  let isFirst = true;
  const note = new TransformStream({
    transform(frame, controller) {
      if (isFirst) globalThis.postMessage({ id: options.id, at: performance.timeOrigin + performance.now() });
      isFirst = false;
      controller.enqueue(frame);
    },
  });
  readable.pipeThrough(note).pipeTo(writable).catch(() => {});
};
