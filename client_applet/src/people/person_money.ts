import { html, nothing, type TemplateResult } from "lit";
import { query, state } from "lit/decorators.js";
import { define } from "../ui/element";
import { icon } from "../ui/icons";
import type { Statement } from "./money_data";
import { MoneyPage } from "./money_page";
import "./statement";
import type { OpenlineStatement } from "./statement";

const KINDS = ["wallet", "earnings"] as const;
type Kind = (typeof KINDS)[number];
type Doing = "freeze" | "unfreeze" | "credit";
/** The largest goodwill; the server knows the rest. */
const CREDIT_MOST = 10 ** 9;

/** One person's account as operators see it: its statement; of a wallet also freezing it, and goodwill. */
export class OpenlinePersonMoney extends MoneyPage {
  @state() private kind: Kind = "wallet";
  @state() private owner = "";
  @state() private account: Statement | null = null;
  @state() private doing: Doing = "freeze";
  @state() private reason = "";
  @query("dialog") private dialog!: HTMLDialogElement;
  @query("openline-statement") private statement!: OpenlineStatement | null;

  override connectedCallback(): void {
    super.connectedCallback();
    const asked = new URLSearchParams(location.search);
    const kind = KINDS.find((one) => asked.has(one));
    if (kind) void this.open(kind, asked.get(kind) ?? "");
  }

  private get path(): string {
    return `statements/${this.kind}/${encodeURIComponent(this.owner)}`;
  }

  private async open(kind: Kind, owner: string): Promise<void> {
    [this.kind, this.owner, this.account] = [kind, owner, null];
    this.type("owner", owner);
    if (owner) await this.run("open", () => this.read());
  }

  private async read(): Promise<void> {
    this.account = await this.api.get<Statement>(`${this.path}?limit=1`);
    this.currency = this.account.currency;
  }

  private ask(doing: Doing): void {
    this.doing = doing;
    this.reason = "";
    this.wrong = {};
    this.problem = "";
    this.show("credit-amount", null);
    void this.updateComplete.then(() => this.dialog.showModal()); // its first field has the focus: it has to be there
  }

  private async go(event: Event): Promise<void> {
    event.preventDefault();
    const reason = this.reason.trim();
    const amount = this.doing === "credit" ? this.amount("credit-amount", { least: 1, most: CREDIT_MOST }) : 0;
    if (amount === null) return;
    const input = { amount, reason };
    const done = await this.run("do", async () => {
      const path = `wallets/${encodeURIComponent(this.owner)}/${this.doing}`;
      await this.api.send("POST", path, this.doing === "credit" ? { op: this.op(path, input), ...input } : { reason });
      this.did(path);
      await this.read();
      await this.statement?.load();
    }, this.w(`person.${this.doing}_done`));
    if (done) this.dialog.close();
  }

  protected override render(): TemplateResult {
    const search = (event: Event) => {
      event.preventDefault();
      void this.open(this.kind, this.textOf("owner"));
    };
    return html`<form class="card stack" role="search" @submit=${search}>
        <div class="buttons" role="group" aria-label=${this.w("person.account")}>${KINDS.map((kind) => html`<button type="button" class="chip" part="kind-${kind}" aria-pressed=${kind === this.kind} @click=${() => void this.open(kind, "")}>${this.w(`person.${kind}`)}</button>`)}</div>
        ${this.field(this.w(this.kind === "wallet" ? "person.user" : "person.expert"), this.textOf("owner"), (text) => this.type("owner", text), { part: "owner", max: 200, required: true, hint: this.w("person.hint") })}
        <div class="buttons"><button class="button outline" part="open" ?disabled=${this.isRunning("open")}>${icon("search")}${this.w("person.open")}</button></div></form>
      ${this.dialog?.open ? nothing : this.renderSaid()}
      ${this.account ? this.renderAccount(this.account) : nothing}`;
  }

  private renderAccount(account: Statement): TemplateResult {
    return html`<section class="card" aria-labelledby="whose"><h2 id="whose"><bdi>${this.owner}</bdi></h2>
        ${account.frozen ? html`<div class="callout error" part="frozen">${icon("warning")}<div>${this.w("person.is_frozen")}</div></div>` : nothing}
        <div class="figures">${this.renderFigure(this.w(this.kind === "wallet" ? "wallet.balance" : "earnings.owed"), account.balance - account.held, "person-balance")}
          ${account.held > 0 ? html`<div class="figure lesser"><span class="muted">${this.w("wallet.held")}</span><strong class="tabular">${this.money(account.held)}</strong></div>` : nothing}</div>
        ${this.kind === "wallet" ? this.renderActions(account) : nothing}</section>
      <openline-statement .pool=${this.pool} .theme=${this.theme} lang=${this.language} .path=${this.path}></openline-statement>`;
  }

  private renderActions(account: Statement): TemplateResult {
    return html`<div class="buttons">
        <button class="button outline" part="credit" @click=${() => this.ask("credit")}>${this.w("person.credit")}</button>
        ${account.frozen ? html`<button class="button quiet" part="unfreeze" @click=${() => this.ask("unfreeze")}>${this.w("person.unfreeze")}</button>`
          : html`<button class="button danger-quiet" part="freeze" @click=${() => this.ask("freeze")}>${this.w("person.freeze")}</button>`}</div>
      <dialog aria-labelledby="sure"><form novalidate @submit=${(event: Event) => void this.go(event)}>
        <h2 id="sure">${this.w(`person.${this.doing}_title`)}</h2><p class="muted">${this.w(`person.${this.doing}_text`)}</p>
        ${this.problem ? this.renderSaid() : nothing}
        ${this.doing === "credit" ? this.amountField("credit-amount", this.w("wallet.amount", { currency: this.currency })) : nothing}
        ${this.field(this.w("feedback.reason"), this.reason, (reason) => (this.reason = reason), { max: 200, part: "money-reason", required: true })}
        <div class="buttons"><button type="button" class="button" @click=${() => this.dialog.close()}>${this.w("cancel")}</button>
          <button class="button ${this.doing === "freeze" ? "danger" : "main"}" part="do-now" ?disabled=${this.reason.trim() === "" || this.isRunning("do")}>${this.w(`person.${this.doing}`)}</button></div></form></dialog>`;
  }
}

define("openline-person-money", OpenlinePersonMoney);

declare global {
  interface HTMLElementTagNameMap {
    "openline-person-money": OpenlinePersonMoney;
  }
}
