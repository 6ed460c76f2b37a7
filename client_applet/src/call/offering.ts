/** The offer of a peer connection, with the candidates that are found at once. */

/** Candidates that take longer are of little use: the server sees from where the checks come. */
export const GATHER_MS = 300;

/** Sets the local description and returns its SDP, complete or as far as it is after `GATHER_MS`. Raises DOMException. */
export async function offered(peer: RTCPeerConnection): Promise<string> {
  await peer.setLocalDescription(await peer.createOffer());
  await gathered(peer);
  return peer.localDescription?.sdp ?? "";
}

function gathered(peer: RTCPeerConnection): Promise<void> {
  if (peer.iceGatheringState === "complete") return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      window.clearTimeout(timer);
      peer.removeEventListener("icegatheringstatechange", look);
      resolve();
    };
    const look = () => { if (peer.iceGatheringState === "complete") done(); };
    const timer = window.setTimeout(done, GATHER_MS);
    peer.addEventListener("icegatheringstatechange", look);
  });
}
