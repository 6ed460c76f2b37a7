// Keys that work all over a page. They take Alt (on a Mac: Option), for single letters get in the way of whoever
// dictates, and of the pages that we stand on (WCAG 2.1.4).

const isMac = (): boolean => /Mac|iPhone|iPad/.test(navigator.platform);

/** Whether Alt and this letter were pressed, outside of any text field. */
export function isShortcut(event: KeyboardEvent, letter: string): boolean {
  if (!event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.repeat) return false;
  const target = event.composedPath()[0] as HTMLElement;
  if (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.isContentEditable) return false;
  // With Option a Mac makes another character of it; only then the place of the key says which letter it is.
  const said = event.key.toLowerCase();
  return /^[a-z]$/.test(said) ? said === letter.toLowerCase() : event.code === `Key${letter.toUpperCase()}`;
}

/** How people of this machine write it. */
export const shortcutName = (letter: string): string => (isMac() ? `⌥${letter}` : `Alt+${letter}`);
