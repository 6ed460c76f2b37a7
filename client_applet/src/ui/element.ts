import { type CSSResult, LitElement } from "lit";
import { property } from "lit/decorators.js";
import { type As, ClientController, type PoolHost, SCRIPT_ORIGIN } from "../core";
import { direction, type Key, type Language, languageOf, translate, type Values } from "../i18n";
import { controls } from "./controls";
import { tokens } from "./tokens";

/** What all our elements are: in a pool, in a language, in a theme. */
export class PoolElement extends LitElement implements PoolHost {
  static override styles: CSSResult[] = [tokens, controls];

  /** Origin of the server; empty is where the script came from. */
  @property() server = "";
  /** The pool. */
  @property() pool = "";
  /** Which of the browser's sign-ins counts: a person may be a visitor here and an expert in the next tab. */
  @property({ attribute: false }) as: As = "user";
  /** A signed short-lived token; empty is a guest, the cookie's member, or whom the host page names. */
  @property() token = "";
  /** `light` or `dark`; empty follows the system. */
  @property({ reflect: true }) theme = "";

  protected readonly clients = new ClientController(this);
  protected language: Language = "en";

  override connectedCallback(): void {
    this.pool ||= poolOfPage();
    super.connectedCallback();
    this.speak();
  }

  override attributeChangedCallback(name: string, old: string | null, value: string | null): void {
    super.attributeChangedCallback(name, old, value);
    if (name === "lang" && this.isConnected) {
      this.speak();
      this.requestUpdate();
    }
  }

  static override get observedAttributes(): string[] {
    return [...super.observedAttributes, "lang"];
  }

  protected get client() {
    return this.clients.client;
  }

  /** Server milliseconds. */
  protected get now(): number {
    return this.client?.store.now() ?? Date.now();
  }

  /** A message of the visitors' catalogue in this element's language. */
  protected t(key: Key, values?: Values): string {
    return translate(this.language)(key, values);
  }

  private speak(): void {
    this.language = languageOf(this);
    // Inside a page of another direction our words still run their own way.
    this.dir = direction(this.language);
  }
}

/** On a page of the server itself (`/p/{pool}`, `/p/{pool}/expert`) the pool needs no attribute. */
function poolOfPage(): string {
  if (location.origin !== SCRIPT_ORIGIN) return "";
  return decodeURIComponent(/^\/p\/([^/]+)/.exec(location.pathname)?.[1] ?? "");
}

/** Defines an element unless the page has one of that name already (the script came twice). */
export function define(name: string, element: CustomElementConstructor): void {
  if (!customElements.get(name)) customElements.define(name, element);
}
