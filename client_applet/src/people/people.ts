import { html, nothing, type TemplateResult } from "lit";
import { query, state } from "lit/decorators.js";
import { ago } from "../i18n";
import type { As } from "../core";
import { define } from "../ui/element";
import { icon } from "../ui/icons";
import "./feedback_list";
import { PeoplePage } from "./page";
import type { Mail, Person } from "./people_data";

type Tab = "people" | "experts" | "mails" | "options" | "audit";
const TABS: readonly Tab[] = ["people", "experts", "mails", "options", "audit"];
const ROLES: readonly As[] = ["user", "expert", "operator"];

interface Options {
  currency: string;
  prepaid: boolean;
  visitors: boolean;
  categories: string[];
  feedback_after_s: number;
}

interface Listed {
  expert: string;
  name: string;
  headline: string;
}

interface Action {
  at: number;
  actor: string;
  action: string;
  object: string;
  reason: string;
}

/** The operator's page about people: who may come in, profiles and feedback, mails, the pool's options, the audit. */
export class OpenlinePeople extends PeoplePage {
  @state() private tab: Tab = "people";
  @state() private allowed: boolean | null = null;
  @state() private people: readonly Person[] = [];
  @state() private shown: As = "user";
  @state() private mails: readonly Mail[] = [];
  @state() private sending = false;
  @state() private experts: readonly Listed[] = [];
  @state() private barred: ReadonlyMap<string, Person> = new Map();
  @state() private chosen = "";
  @state() private actions: readonly Action[] = [];
  @state() private more = false;
  @state() private options: Options | null = null;
  @state() private prepaid = false;
  @state() private invite = { role: "expert" as As, email: "", name: "", expert: "" };
  @state() private blocking: Person | null = null;
  @state() private reason = "";
  @query("dialog") private dialog!: HTMLDialogElement;

  constructor() {
    super();
    this.as = "operator";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    const named = location.hash.slice(1) as Tab;
    void this.api.get("account?role=operator").then(() => {
      this.allowed = true;
      void this.api.get<Options>("options").then(({ prepaid }) => (this.prepaid = prepaid), () => undefined);
      this.open(TABS.includes(named) ? named : "people");
    }, () => (this.allowed = false));
  }

  private open(tab: Tab): void {
    this.tab = tab;
    this.problem = this.done = "";
    history.replaceState(null, "", `#${tab}`);
    void this.load();
  }

  private load(): Promise<boolean> {
    return this.loadNext(() => this.read(0));
  }

  private async read(before: number): Promise<void> {
    const from = before ? `&before=${before}` : "";
    const joined = <T,>(old: readonly T[], fresh: readonly T[]) => (before ? [...old, ...fresh] : fresh);
    if (this.tab === "people") {
      const told = await this.api.get<{ people: Person[]; more: boolean }>(`people?role=${this.shown}${from}`);
      [this.people, this.more] = [joined(this.people, told.people), told.more];
    } else if (this.tab === "experts") {
      this.experts = (await this.api.get<{ experts: Listed[] }>("experts")).experts;
      this.barred = await this.readBarred();
    } else if (this.tab === "mails") {
      const told = await this.api.get<{ mails: Mail[]; sending: boolean; more: boolean }>(`mails?${from.slice(1)}`);
      [this.mails, this.sending, this.more] = [joined(this.mails, told.mails), told.sending, told.more];
    } else if (this.tab === "audit") {
      const told = await this.api.get<{ actions: Action[]; more: boolean }>(`audit?${from.slice(1)}`);
      [this.actions, this.more] = [joined(this.actions, told.actions), told.more];
    } else this.options = await this.api.get<Options>("options");
  }

  /** The experts who are blocked, by id: the list of profiles doesn't know. */
  private async readBarred(): Promise<ReadonlyMap<string, Person>> {
    const all: Person[] = [];
    for (let more = true, before = 0; more; before = all.at(-1)?.joined_at ?? 0) {
      const told = await this.api.get<{ people: Person[]; more: boolean }>(`people?role=expert${before ? `&before=${before}` : ""}`);
      all.push(...told.people);
      more = told.more && (told.people.at(-1)?.joined_at ?? 0) > 0;
    }
    return new Map(all.filter((one) => one.blocked).map((one) => [one.subject, one]));
  }

  protected override render(): TemplateResult {
    if (this.allowed === null) return this.renderLoading();
    if (!this.allowed) {
      return this.renderWhole("person", this.w("people.none"), "", html`<a class="button main" href=${this.signInUrl("operator")}>${this.w("sign_in")}</a>`);
    }
    const pool = `/p/${encodeURIComponent(this.pool)}`;
    return html`
      <header><h1>${this.w("people.title")}</h1><nav>
        <a class="button quiet small" href="${pool}/operator">${this.w("nav.operator")}</a><a class="button quiet small" href="${pool}/operator/money">${this.w("nav.money")}</a><a class="button quiet small" href="${pool}/account?role=operator">${this.w("nav.account")}</a></nav></header>
      <div class="tabs" role="tablist">${TABS.map((tab) => html`<button class="chip" role="tab" part="tab-${tab}" id="tab-${tab}" aria-selected=${tab === this.tab} aria-pressed=${tab === this.tab} aria-controls="panel" @click=${() => this.open(tab)}>${this.w(`people.tab_${tab}`)}</button>`)}</div>
      ${this.renderSaid()}
      <div id="panel" role="tabpanel" aria-labelledby="tab-${this.tab}" aria-busy=${this.isRunning("load")}>${this.renderTab()}</div>
      ${this.renderBlocking()}`;
  }

  private renderTab(): TemplateResult {
    switch (this.tab) {
      case "people": return this.renderPeople();
      case "experts": return this.renderExperts();
      case "mails": return this.renderMails();
      case "options": return this.renderSettings();
      case "audit": return this.renderAudit();
    }
  }

  private renderMore(before: number): TemplateResult | typeof nothing {
    return this.more ? html`<div class="buttons">${this.button("load", this.w("more"), () => void this.loadNext(() => this.read(before)))}</div>` : nothing;
  }

  // ------------------------------------------------------------ who

  private renderPeople(): TemplateResult {
    const show = (role: As) => {
      this.shown = role;
      void this.load();
    };
    return html`${this.renderInvite()}<section class="card">
      <div class="buttons">${ROLES.map((role) => html`<button class="chip" aria-pressed=${role === this.shown} @click=${() => show(role)}>${this.w(`people.${role}s`)}</button>`)}</div>
      ${this.people.length === 0 && !this.isRunning("load") ? html`<p class="muted">${this.w("people.nobody")}</p>` : nothing}
      <ul class="list">${this.people.map((one) => this.renderPerson(one))}</ul>${this.renderMore(this.people.at(-1)?.joined_at ?? 0)}</section>`;
  }

  private askToBlock(one: Person): void {
    this.blocking = one;
    this.reason = "";
    this.dialog.showModal();
  }

  private renderPerson(one: Person): TemplateResult {
    return html`<li class="row" data-subject=${one.subject}><span class="names grow"><strong dir="auto">${one.name || one.subject}</strong><span class="muted small" dir="auto">${one.email || one.subject}</span>
        ${this.renderBarred(one)}</span>
      <span class="muted small">${one.joined_at ? this.w("people.since", { time: ago(one.joined_at, Date.now(), this.language) }) : nothing}</span>
      ${one.role === "operator" || !this.prepaid ? nothing : html`<a class="button quiet small" part="money" href="/p/${encodeURIComponent(this.pool)}/operator/money?${one.role === "expert" ? "earnings" : "wallet"}=${encodeURIComponent(one.subject)}#person">${this.w("people.money")}</a>`}
      <button class="button ${one.blocked ? "quiet" : "danger-quiet"} small" part="block" @click=${() => this.askToBlock(one)}>${this.w(one.blocked ? "people.unblock" : "people.block")}</button></li>`;
  }

  private renderBarred(one: Person | undefined): TemplateResult | typeof nothing {
    if (!one?.blocked) return nothing;
    return html`<span class="small"><span class="badge bad">${this.w("people.blocked")}</span> <span dir="auto">${one.blocked_reason}</span></span>`;
  }

  private renderInvite(): TemplateResult {
    const set = (part: Partial<typeof this.invite>) => (this.invite = { ...this.invite, ...part });
    const send = (event: Event) => {
      event.preventDefault();
      const { expert, ...rest } = this.invite;
      void this.run("invite", async () => {
        await this.api.send("POST", "people/invite", rest.role === "expert" ? { ...rest, expert } : rest);
        set({ email: "", name: "", expert: "" });
      }, this.w("people.invited"));
    };
    return html`<section class="card"><h2>${this.w("people.invite")}</h2><p class="muted">${this.w("people.invite_text")}</p><form class="stack" @submit=${send}>
      <div class="buttons" role="group">${(["expert", "operator", "user"] as const).map((role) => html`<button type="button" class="chip" aria-pressed=${role === this.invite.role} @click=${() => set({ role })}>${this.w(`people.one_${role}`)}</button>`)}</div>
      <div class="two">${this.field(this.w("email"), this.invite.email, (email) => set({ email }), { type: "email", required: true, part: "invite-email" })}
        ${this.field(this.w("name"), this.invite.name, (name) => set({ name }), { max: 100, required: true, part: "invite-name" })}
        ${this.invite.role === "expert" ? this.field(this.w("people.expert_id"), this.invite.expert, (expert) => set({ expert }), { max: 64, hint: this.w("people.expert_hint"), required: true, pattern: "[A-Za-z0-9][A-Za-z0-9_.\\-]*", part: "invite-expert" }) : nothing}</div>
      <div class="buttons"><button class="button main" part="invite" ?disabled=${this.isRunning("invite")}>${icon("send")}${this.w("people.send_invite")}</button></div></form></section>`;
  }

  private renderBlocking(): TemplateResult {
    const one = this.blocking;
    const go = (event: Event) => {
      event.preventDefault();
      void this.run("block", async () => {
        await this.api.send("POST", "people/block", { role: one!.role, subject: one!.subject, blocked: !one!.blocked, reason: this.reason.trim() });
        await this.read(0);
      }, this.w(one!.blocked ? "people.unblocked" : "people.blocked_now")).then(() => this.dialog.close());
    };
    return html`<dialog aria-labelledby="block-title"><form @submit=${go}>
      <h2 id="block-title" dir="auto">${one ? this.w(one.blocked ? "people.unblock_title" : "people.block_title", { name: one.name || one.subject }) : nothing}</h2>
      <p class="muted">${this.w(one?.blocked ? "people.unblock_text" : "people.block_text")}</p>
      ${this.field(this.w("feedback.reason"), this.reason, (reason) => (this.reason = reason), { max: 200, part: "block-reason" })}
      <div class="buttons"><button type="button" class="button" @click=${() => this.dialog.close()}>${this.w("cancel")}</button>
        <button class="button ${one?.blocked ? "main" : "danger"}" part="block-now" ?disabled=${this.reason.trim() === ""}>${this.w(one?.blocked ? "people.unblock" : "people.block")}</button></div></form></dialog>`;
  }

  // ------------------------------------------------------------ the rest

  private renderExperts(): TemplateResult {
    const pool = `/p/${encodeURIComponent(this.pool)}`;
    const block = (one: Listed) => this.askToBlock({ role: "expert", subject: one.expert, email: "", blocked: false, blocked_reason: "", joined_at: 0, ...this.barred.get(one.expert), name: one.name });
    return html`<section class="card"><ul class="list">${this.experts.map((one) => html`<li class="row" data-expert=${one.expert}><span class="names grow"><strong dir="auto">${one.name}</strong><span class="muted small" dir="auto">${one.headline}</span>${this.renderBarred(this.barred.get(one.expert))}</span>
        <a class="button quiet small" href="${pool}/expert/profile?expert=${encodeURIComponent(one.expert)}">${this.w("people.edit")}</a>
        <button class="button quiet small" aria-expanded=${this.chosen === one.expert} @click=${() => (this.chosen = this.chosen === one.expert ? "" : one.expert)}>${this.w("people.feedback")}</button>
        <button class="button ${this.barred.has(one.expert) ? "quiet" : "danger-quiet"} small" part="block" @click=${() => block(one)}>${this.w(this.barred.has(one.expert) ? "people.unblock" : "people.block")}</button></li>
        ${this.chosen === one.expert ? html`<li><openline-feedback-list .pool=${this.pool} .as=${this.as} .theme=${this.theme} lang=${this.language} .expert=${one.expert}></openline-feedback-list></li>` : nothing}`)}</ul></section>`;
  }

  private renderMails(): TemplateResult {
    return html`${this.sending ? nothing : html`<div class="callout warning">${icon("info")}<div>${this.w("mails.kept")}</div></div>`}
      <section class="card">${this.mails.length === 0 ? html`<p class="muted">${this.w("mails.none")}</p>` : nothing}
      <ul class="list">${this.mails.map((one) => this.renderMail(one))}</ul>${this.renderMore(this.mails.at(-1)?.at ?? 0)}</section>`;
  }

  private renderMail(one: Mail): TemplateResult {
    const again = () => this.run("again", async () => {
      await this.api.send("POST", `mails/${encodeURIComponent(one.mail)}/again`);
      await this.read(0);
    });
    const bad = ["refused", "uncertain", "given_up"].includes(one.state);
    return html`<li><details><summary class="row"><span class="names grow"><strong dir="auto">${one.subject}</strong><span class="muted small" dir="auto">${one.to}</span></span>
        <span class="badge ${bad ? "bad" : one.state === "sent" ? "good" : ""}">${this.mailState(one.state)}</span><span class="muted small">${ago(one.at, Date.now(), this.language)}</span></summary>
      <pre dir="auto">${one.text}</pre>${one.error ? html`<p class="muted small" dir="auto">${one.error}</p>` : nothing}
      ${bad ? html`<p class="muted small">${one.state === "uncertain" ? this.w("mails.uncertain_text") : nothing}</p><div class="buttons">${this.button("again", this.w("mails.again"), again)}</div>` : nothing}</details></li>`;
  }

  private mailState(code: string): string {
    const known = ["waiting", "handing_over", "sent", "refused", "uncertain", "given_up", "expired"] as const;
    const found = known.find((one) => one === code);
    return found ? this.w(`mails.${found}`) : code;
  }

  private renderSettings(): TemplateResult {
    const options = this.options;
    if (!options) return this.renderLoading();
    const set = (part: Partial<Options>) => (this.options = { ...options, ...part });
    const save = () => this.run("options", async () => {
      this.options = await this.api.send<Options>("PUT", "options", {
        currency: options.currency, visitors: options.visitors, feedback_after_s: options.feedback_after_s, categories: options.categories.map((one) => one.trim()).filter(Boolean),
      });
    }, this.w("saved"));
    return html`<section class="card">
      <label class="check"><input type="checkbox" part="visitors" .checked=${options.visitors} @change=${(event: Event) => set({ visitors: (event.target as HTMLInputElement).checked })}>${this.w("options.visitors")}</label>
      <div class="two">${this.field(this.w("options.currency"), options.currency, (currency) => set({ currency: currency.toUpperCase() }), { max: 3 })}
        ${this.field(this.w("options.feedback_after"), String(options.feedback_after_s), (text) => set({ feedback_after_s: Math.max(0, Math.trunc(Number(text)) || 0) }), { type: "number" })}</div>
      ${this.field(this.w("options.categories"), options.categories.join("\n"), (text) => set({ categories: text.split("\n") }), { lines: 10, max: 40_000, hint: this.w("options.categories_hint"), part: "categories" })}
      <div class="buttons">${this.button("options", this.w("save"), save, "main")}</div></section>`;
  }

  private renderAudit(): TemplateResult {
    const time = new Intl.DateTimeFormat(this.language, { dateStyle: "medium", timeStyle: "medium" });
    return html`<section class="card">${this.actions.length === 0 ? html`<p class="muted">${this.w("audit.none")}</p>` : nothing}
      <ul class="list">${this.actions.map((one) => html`<li class="names"><span class="row"><strong>${one.action}</strong><span dir="auto">${one.object}</span></span>
        <span class="muted small">${time.format(one.at)} · <span dir="auto">${one.actor}</span>${one.reason ? html` · <span dir="auto">${one.reason}</span>` : nothing}</span></li>`)}</ul>
      ${this.renderMore(this.actions.at(-1)?.at ?? 0)}</section>`;
  }
}

define("openline-people", OpenlinePeople);

declare global {
  interface HTMLElementTagNameMap {
    "openline-people": OpenlinePeople;
  }
}
