const EVERY_MS = 1000;
/** What flashes now: the last one counts, the page's own title comes back after all. */
const flashing: string[] = [];
let own = "";
let timer = 0;

/** Alternates the tab's title with `words` until the returned function is called. */
export function flashTitle(words: string): () => void {
  if (flashing.length === 0) begin();
  flashing.push(words);
  document.title = words;
  return () => {
    const at = flashing.indexOf(words);
    if (at < 0) return;
    flashing.splice(at, 1);
    if (flashing.length === 0) end();
  };
}

function begin(): void {
  own = document.title;
  timer = setInterval(() => {
    document.title = document.title === own ? (flashing.at(-1) ?? own) : own;
  }, EVERY_MS) as unknown as number;
}

function end(): void {
  clearInterval(timer);
  document.title = own;
}
