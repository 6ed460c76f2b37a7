import { type CSSResult, html, nothing, type TemplateResult } from "lit";
import { state } from "lit/decorators.js";
import { RefusedError, UnansweredError } from "../core";
import { catalogues, type Values } from "../i18n";
import { peopleAr } from "../i18n/people.ar";
import { peopleDe } from "../i18n/people.de";
import { peopleEn, type PeopleKey } from "../i18n/people.en";
import { peopleEs } from "../i18n/people.es";
import { PoolElement } from "../ui/element";
import { icon, type IconName } from "../ui/icons";
import { Api } from "./api";
import { peopleStyles } from "./styles";

export const peopleWords = catalogues<PeopleKey>({ en: peopleEn, de: peopleDe, es: peopleEs, ar: peopleAr });

/** A page about people: it asks over HTTP, says what went wrong in words, and keeps what was typed. */
export abstract class PeoplePage extends PoolElement {
  static override styles: CSSResult[] = [...PoolElement.styles, peopleStyles];

  /** The code and detail of the last refusal. */
  @state() protected problem = "";
  @state() protected problemDetail = "";
  /** What was done last, in words; a status for screen readers too. */
  @state() protected done = "";
  @state() private running: ReadonlySet<string> = new Set();
  private made: Api | null = null;
  private loading: Promise<unknown> = Promise.resolve();

  protected get api(): Api {
    return (this.made ??= new Api(this.pool));
  }

  protected w(key: PeopleKey, values?: Values): string {
    return peopleWords(this.language)(key, values);
  }

  protected isRunning(name: string): boolean {
    return this.running.has(name);
  }

  /** Runs `work` once at a time; says `done` afterwards, or why it was refused. Resolves to whether it was done. */
  protected async run(name: string, work: () => Promise<void>, done = ""): Promise<boolean> {
    if (this.running.has(name)) return false;
    this.running = new Set(this.running).add(name);
    this.problem = this.done = "";
    try {
      await work();
      this.done = done;
      return true;
    } catch (error) {
      this.tell(error);
      return false;
    } finally {
      const rest = new Set(this.running);
      rest.delete(name);
      this.running = rest;
    }
  }

  /** Runs `work` as `load`, after what is loading now: what was chosen last is what shows in the end. */
  protected loadNext(work: () => Promise<void>): Promise<boolean> {
    const loaded = this.loading.then(() => this.run("load", work));
    this.loading = loaded;
    return loaded;
  }

  private tell(error: unknown): void {
    const known = error instanceof RefusedError || error instanceof UnansweredError;
    if (!known) console.error(error);
    this.problem = known ? error.code : "internal";
    this.problemDetail = error instanceof RefusedError ? error.detail : "";
  }

  protected signInUrl(role: string): string {
    return `/sign-in?pool=${encodeURIComponent(this.pool)}&role=${role}`;
  }

  protected renderSaid(): TemplateResult {
    return html`<div class="said-here" role="status" aria-live="polite">
      ${this.problem ? html`<div class="callout error" part="problem">${icon("warning")}<div>${this.refusalWords(this.problem)}${/\p{L}/u.test(this.problemDetail) ? html` <span class="muted" dir="auto">${this.problemDetail}</span>` : nothing}</div></div>` : nothing}
      ${this.done ? html`<div class="callout good" part="done">${icon("check")}<div>${this.done}</div></div>` : nothing}</div>`;
  }

  protected refusalWords(code: string): string {
    const key = `refused.${code}`;
    return key in peopleEn ? this.w(key as PeopleKey) : this.w("refused.other", { code });
  }

  protected renderWhole(shape: IconName, title: string, text: string, action: TemplateResult | typeof nothing = nothing): TemplateResult {
    return html`<div class="whole">${icon(shape)}<h1>${title}</h1><p class="muted">${text}</p>${action}</div>`;
  }

  protected renderLoading(): TemplateResult {
    return html`<div class="whole"><span class="spinner"></span><p>${this.w("loading")}</p></div>`;
  }

  /** A labelled field; `change` hears of every letter. */
  protected field(label: string, value: string, change: (value: string) => void, more: Field = {}): TemplateResult {
    const told = (event: Event) => change((event.target as HTMLInputElement).value);
    const error = more.error ? `${more.part ?? "field"}-error` : nothing;
    const box = more.lines
      ? html`<textarea class="field" part=${more.part ?? ""} rows=${more.lines} maxlength=${more.max ?? 10_000} dir="auto" ?disabled=${more.fixed ?? false} .value=${value} @input=${told}></textarea>`
      : html`<input class="field" part=${more.part ?? ""} type=${more.type ?? "text"} maxlength=${more.max ?? 200} autocomplete=${(more.auto ?? "off") as "off"} dir="auto"
          inputmode=${more.digits ? "decimal" : nothing} aria-invalid=${more.error ? "true" : nothing} aria-describedby=${error}
          pattern=${more.pattern ?? nothing} title=${more.pattern ? (more.hint ?? nothing) : nothing} ?required=${more.required ?? false} ?disabled=${more.fixed ?? false} .value=${value} @input=${told}>`;
    return html`<div class="entry"><label class="labelled"><span>${label}</span>${box}${more.hint ? html`<small class="muted">${more.hint}</small>` : nothing}</label>
      ${more.error ? html`<small class="wrong" id=${error} role="alert">${more.error}</small>` : nothing}</div>`;
  }

  protected button(name: string, label: string, press: () => void, kind = "outline", shape: IconName | "" = ""): TemplateResult {
    const busy = this.isRunning(name);
    return html`<button type="button" class="button ${kind}" part=${name} ?disabled=${busy} aria-busy=${busy} @click=${press}>
      ${busy ? html`<span class="spinner"></span>` : shape ? icon(shape) : nothing}${label}</button>`;
  }
}

export interface Field {
  type?: string;
  lines?: number;
  max?: number;
  hint?: string;
  auto?: string;
  part?: string;
  required?: boolean;
  /** What the value must look like; the hint says it in words. */
  pattern?: string;
  fixed?: boolean;
  /** Phones show digits first. */
  digits?: boolean;
  /** What is wrong with the value. */
  error?: string;
}
