/** When this machine is on another network than before: its old addresses lead nowhere, and nothing says so for seconds. */

interface Connection extends EventTarget {
  type?: string;
}

/** Calls `changed` when the network is back, or another one (where the browser tells). Returns how to stop. */
export function networkChanges(changed: () => void): () => void {
  const connection = (navigator as Navigator & { connection?: Connection }).connection;
  let kind = connection?.type;
  const look = () => {
    const now = connection?.type;
    if (now === kind) return;
    kind = now;
    if (now !== "none") changed();
  };
  window.addEventListener("online", changed);
  connection?.addEventListener("change", look);
  return () => {
    window.removeEventListener("online", changed);
    connection?.removeEventListener("change", look);
  };
}
