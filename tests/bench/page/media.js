/** The constraints that every contender asks for: the processing of a real call would remove a tone. */
export const AUDIO = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };

export const microphone = () => navigator.mediaDevices.getUserMedia({ audio: AUDIO });

export function stop(...streams) {
  for (const stream of streams) for (const track of stream?.getTracks() ?? []) track.stop();
}

/** Plays a remote stream, as an application does; returns how to stop it. */
export function play(stream) {
  const audio = document.createElement('audio');
  audio.autoplay = true;
  audio.srcObject = stream;
  document.body.append(audio);
  return () => {
    audio.srcObject = null;
    audio.remove();
  };
}
