export interface Looking {
  /** The attribute that names an element. */
  name: string;
  /** How far outside the window still counts, CSS pixels. */
  margin: number;
  /** How long nothing must change before it is told, milliseconds; 0 tells at once. */
  settleMs: number;
}

/** Which of many named elements are before the eyes or nearly so. */
export class InView {
  private observer: IntersectionObserver | null = null;
  private readonly followed = new Set<Element>();
  private readonly seen = new Set<string>();
  private timer = 0;

  constructor(
    private readonly looking: Looking,
    private readonly changed: (visible: ReadonlySet<string>) => void,
  ) {}

  follow(elements: Iterable<Element>): void {
    this.observer ??= new IntersectionObserver((entries) => this.note(entries), { rootMargin: `${this.looking.margin}px 0px` });
    const now = new Set(elements);
    for (const element of this.followed) if (!now.has(element)) this.forget(element);
    for (const element of now) {
      if (this.followed.has(element)) continue;
      this.followed.add(element);
      this.observer.observe(element);
    }
  }

  stop(): void {
    clearTimeout(this.timer);
    this.observer?.disconnect();
    this.observer = null;
    this.followed.clear();
    this.seen.clear();
  }

  private forget(element: Element): void {
    this.observer?.unobserve(element);
    this.followed.delete(element);
    this.mark(element, false);
  }

  private note(entries: readonly IntersectionObserverEntry[]): void {
    for (const entry of entries) this.mark(entry.target, entry.isIntersecting);
  }

  private mark(element: Element, visible: boolean): void {
    const name = element.getAttribute(this.looking.name) ?? "";
    const changed = visible ? !this.seen.has(name) && this.seen.add(name) : this.seen.delete(name);
    if (!changed) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.changed(new Set(this.seen)), this.looking.settleMs) as unknown as number;
  }
}
