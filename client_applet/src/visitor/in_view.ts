const SETTLE_MS = 150;

/** Which of many list items (`data-expert`) are before the eyes or nearly so; told when scrolling has settled. */
export class InView {
  private observer: IntersectionObserver | null = null;
  private readonly followed = new Set<Element>();
  private readonly seen = new Set<string>();
  private timer = 0;

  constructor(private readonly changed: (visible: ReadonlySet<string>) => void) {}

  follow(items: Iterable<Element>): void {
    this.observer ??= new IntersectionObserver((entries) => this.note(entries), { rootMargin: "400px 0px" });
    const now = new Set(items);
    for (const item of this.followed) if (!now.has(item)) this.forget(item);
    for (const item of now) {
      if (this.followed.has(item)) continue;
      this.followed.add(item);
      this.observer.observe(item);
    }
  }

  stop(): void {
    clearTimeout(this.timer);
    this.observer?.disconnect();
    this.observer = null;
    this.followed.clear();
    this.seen.clear();
  }

  private forget(item: Element): void {
    this.observer?.unobserve(item);
    this.followed.delete(item);
    this.mark(item, false);
  }

  private note(entries: readonly IntersectionObserverEntry[]): void {
    for (const entry of entries) this.mark(entry.target, entry.isIntersecting);
  }

  private mark(item: Element, visible: boolean): void {
    const expert = item.getAttribute("data-expert") ?? "";
    const changed = visible ? !this.seen.has(expert) && this.seen.add(expert) : this.seen.delete(expert);
    if (!changed) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.changed(new Set(this.seen)), SETTLE_MS) as unknown as number;
  }
}
