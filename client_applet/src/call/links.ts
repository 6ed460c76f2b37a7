/** Finds the links in a message, so that they can be shown as links while all else stays text. Pure. */

export interface Piece {
  text: string;
  /** A safe address, or "" for plain text. */
  href: string;
  /** Where it really leads, if the text looks as if it were elsewhere: letters of other scripts, a number for an address. */
  host: string;
}

const CANDIDATE = /https?:\/\/[^\s<>"'`\u202a-\u202e\u2066-\u2069]+/giu;
const TRAILING = /[.,;:!?)\]}»”’…]+$/u;
const MAX_LINKS = 20;

/** The address if it is one that may be opened: http or https, with a host, without a user name in it. */
export function safeHref(text: string): string {
  try {
    const url = new URL(text);
    const plain = (url.protocol === "https:" || url.protocol === "http:") && url.hostname && !url.username && !url.password;
    return plain ? url.href : "";
  } catch {
    return "";
  }
}

function hostBehind(text: string, href: string): string {
  const { hostname } = new URL(href);
  return text.toLowerCase().startsWith(`//${hostname}`, text.indexOf("//")) ? "" : hostname;
}

/** The message in pieces; joined again they are the message. At most 20 links; the rest stays text. */
export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let from = 0;
  let links = 0;
  for (const match of text.matchAll(CANDIDATE)) {
    const link = match[0].replace(TRAILING, "");
    const href = links < MAX_LINKS ? safeHref(link) : "";
    if (!href) continue;
    if (match.index > from) found.push({ text: text.slice(from, match.index), href: "", host: "" });
    found.push({ text: link, href, host: hostBehind(link, href) });
    from = match.index + link.length;
    links += 1;
  }
  if (from < text.length) found.push({ text: text.slice(from), href: "", host: "" });
  return found;
}
