import { useEffect, useRef, type ComponentPropsWithoutRef } from 'react';

import { useLocalVideo, useRemoteStream } from './hooks.js';

export type LocalVideoProps = Omit<ComponentPropsWithoutRef<'video'>, 'src'>;

export interface RemoteVideoProps extends LocalVideoProps {
  /** Whose. */
  userId: string;
}

/** The picture of a participant: a `<video>` that is muted, because the sound plays already. */
export function RemoteVideo({ userId, ...props }: RemoteVideoProps) {
  return <Video {...props} stream={useRemoteStream(userId)} />;
}

/** The picture that this side sends. */
export function LocalVideo(props: LocalVideoProps) {
  return <Video {...props} stream={useLocalVideo()} />;
}

function Video({ stream, ...props }: ComponentPropsWithoutRef<'video'> & { stream: MediaStream | null }) {
  const element = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (element.current) element.current.srcObject = stream;
  }, [stream]);
  useEffect(() => playOnceThawed(() => element.current), []);
  return <video autoPlay playsInline muted {...props} ref={element} />;
}

/** What plays in a page that is frozen is paused, and `autoPlay` does not start it again when the page thaws. */
function playOnceThawed(element: () => HTMLVideoElement | null): () => void {
  const gone = new AbortController();
  let played = false;
  const on = (event: string, listener: () => void) => document.addEventListener(event, listener, { signal: gone.signal });
  on('freeze', () => { played = element()?.paused === false; });
  on('resume', () => { if (played) element()?.play().catch(() => {}); });
  return () => gone.abort();
}
