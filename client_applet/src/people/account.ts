import { html, nothing, type TemplateResult } from "lit";
import { query, state } from "lit/decorators.js";
import { ago, money } from "../i18n";
import type { As } from "../core";
import { define } from "../ui/element";
import { icon } from "../ui/icons";
import { deviceName } from "./device";
import "./earlier";
import { PeoplePage } from "./page";
import "./wallet";

interface SignIn {
  id: string;
  agent: string;
  created_at: number;
  seen_at: number;
  current: boolean;
}

interface Account {
  role: As;
  subject: string;
  name: string;
  email: string;
  has_password: boolean;
  has_account: boolean;
  sign_ins: SignIn[];
}

const ROLES: readonly As[] = ["user", "expert", "operator"];

/** One's own account: name, password, where one is signed in, one's data. */
export class OpenlineAccount extends PeoplePage {
  @state() private account: Account | null = null;
  @state() private missing = false;
  @state() private name = "";
  @state() private password = "";
  @state() private old = "";
  @state() private confirm = "";
  /** Money that is left on the account, as the server said when it did not erase it: "1234 EUR". */
  @state() private left = "";
  @state() private forfeit = false;
  @query("dialog") private dialog!: HTMLDialogElement;

  override connectedCallback(): void {
    super.connectedCallback();
    void this.load();
  }

  /** The role that the address names, else the first that this browser is signed in as. */
  private async load(): Promise<void> {
    const wanted = new URLSearchParams(location.search).get("role") as As | null;
    for (const role of wanted && ROLES.includes(wanted) ? [wanted] : ROLES) {
      const found = await this.api.get<Account>(`account?role=${role}`).catch(() => null);
      if (found) return this.take(found);
    }
    this.missing = true;
  }

  private take(account: Account): void {
    this.as = account.role;
    this.account = account;
    this.name = account.name;
  }

  private async again(): Promise<void> {
    this.take(await this.api.get<Account>(this.path()));
  }

  private path(more = ""): string {
    return `account${more}?role=${this.as}`;
  }

  protected override render(): TemplateResult {
    if (this.missing) {
      return this.renderWhole("person", this.w("account.none"), this.w("account.none_text"),
        html`<a class="button main" href=${this.signInUrl("user")}>${this.w("sign_in")}</a>`);
    }
    const account = this.account;
    if (!account) return this.renderLoading();
    return html`
      <header><h1>${this.w("account.title")}</h1><nav>${this.renderNav(account)}</nav></header>
      ${this.renderSaid()}
      ${account.role === "user" ? html`<openline-wallet .known=${account.has_account} .pool=${this.pool} .theme=${this.theme} lang=${this.language}></openline-wallet>` : nothing}
      ${this.renderWho(account)}
      ${account.role === "operator" ? nothing : html`<openline-earlier .as=${account.role} .pool=${this.pool} .theme=${this.theme} lang=${this.language}></openline-earlier>`}
      ${account.email ? this.renderPassword(account) : nothing}
      ${this.renderSignIns(account)}
      ${this.renderData(account)}`;
  }

  private renderNav(account: Account): TemplateResult {
    const pool = `/p/${encodeURIComponent(this.pool)}`;
    const home = { user: pool, expert: `${pool}/expert`, operator: `${pool}/operator` }[account.role];
    return html`
      <a class="button quiet small" href=${home}>${this.w(`nav.${account.role}`)}</a>
      ${account.role === "expert" ? html`<a class="button quiet small" href="${pool}/expert/profile">${this.w("nav.profile")}</a>` : nothing}
      ${account.role === "operator" ? html`<a class="button quiet small" href="${pool}/operator/money">${this.w("nav.money")}</a>` : nothing}
      ${this.button("sign-out", this.w("account.sign_out"), () => this.signOut(), "quiet small", "leave")}`;
  }

  private renderWho(account: Account): TemplateResult {
    const save = () => this.run("save", async () => {
      await this.api.send("PUT", this.path(), { name: this.name.trim() });
      await this.again();
    }, this.w("saved"));
    return html`<section class="card" aria-labelledby="who"><h2 id="who">${this.w("account.who")}</h2>
      <div class="two">
        ${this.field(this.w("name"), this.name, (name) => (this.name = name), { max: 100, auto: "name", part: "name" })}
        ${this.field(this.w("email"), account.email || this.w("account.no_email"), () => undefined, { fixed: true })}
      </div>
      <div class="buttons">${this.button("save", this.w("save"), save, "main")}</div>
      ${account.role === "user" && !account.has_account ? html`<div class="callout">${icon("info")}<div>${this.w("account.grow_text")}
        <p><a class="button outline small" part="grow" href="${this.signInUrl("user")}&new=1">${this.w("account.grow")}</a></p></div></div>` : nothing}</section>`;
  }

  private renderPassword(account: Account): TemplateResult {
    const save = () => this.run("password", async () => {
      await this.api.send("PUT", this.path("/password"), { password: this.password, old: this.old });
      this.password = this.old = "";
      await this.again();
    }, this.w("account.password_saved"));
    return html`<section class="card" aria-labelledby="pw"><h2 id="pw">${this.w("account.password")}</h2>
      <p class="muted">${this.w(account.has_password ? "account.password_text" : "account.password_none")}</p>
      <div class="two">
        ${account.has_password ? this.field(this.w("account.password_old"), this.old, (old) => (this.old = old), { type: "password", auto: "current-password", max: 256, part: "old-password" }) : nothing}
        ${this.field(this.w("account.password_new"), this.password, (one) => (this.password = one), { type: "password", auto: "new-password", max: 256, hint: this.w("account.password_hint"), part: "new-password" })}
      </div>
      <div class="buttons">${this.button("password", this.w("account.password_set"), save)}</div></section>`;
  }

  private renderSignIns(account: Account): TemplateResult {
    const others = () => this.run("others", async () => {
      await this.api.send("POST", this.path("/sign-ins/end-others"));
      await this.again();
    }, this.w("account.others_ended"));
    return html`<section class="card" aria-labelledby="where"><h2 id="where">${this.w("account.where")}</h2>
      <ul class="list">${account.sign_ins.map((one) => this.renderSignIn(one))}</ul>
      ${account.sign_ins.length > 1 ? html`<div class="buttons">${this.button("others", this.w("account.end_others"), others)}</div>` : nothing}</section>`;
  }

  private renderSignIn(one: SignIn): TemplateResult {
    const end = () => this.run(`end-${one.id}`, async () => {
      await this.api.send("POST", this.path(`/sign-ins/${encodeURIComponent(one.id)}/end`));
      await this.again();
    }, this.w("account.ended"));
    return html`<li class="row"><span class="names grow"><strong dir="auto">${deviceName(one.agent) || this.w("account.unknown_device")}</strong>
        <span class="muted small">${this.w("account.seen", { time: ago(one.seen_at || one.created_at, Date.now(), this.language) })}</span></span>
      ${one.current ? html`<span class="badge good">${this.w("account.this_one")}</span>` : this.button(`end-${one.id}`, this.w("account.end"), end, "quiet small")}</li>`;
  }

  private renderData(account: Account): TemplateResult {
    const proof = account.email || account.name;
    const erase = (event: Event) => {
      event.preventDefault();
      void this.run("erase", async () => {
        await this.api.send("POST", this.path("/erase"), { confirm: this.confirm, forfeit: this.forfeit });
        location.assign(`/p/${encodeURIComponent(this.pool)}`);
      }).then(() => {
        this.left = this.problem === "money_left" && /^\d+ [A-Z]{3}$/.test(this.problemDetail) ? this.problemDetail : "";
        this.forfeit = false;
        if (this.left) this.problem = "";
        else this.dialog.close();
      });
    };
    return html`<section class="card" aria-labelledby="data"><h2 id="data">${this.w("account.data")}</h2>
      <p class="muted">${this.w("account.data_text")}</p>
      <div class="buttons">
        <a class="button outline" part="export" href=${this.api.url(this.path("/export"))} download>${icon("down")}${this.w("account.export")}</a>
        <button class="button danger-quiet" part="erase" @click=${() => ((this.left = ""), this.dialog.showModal())}>${this.w("account.erase")}</button>
      </div>
      <dialog aria-labelledby="erase"><form @submit=${erase}>
        <h2 id="erase">${this.w("account.erase_title")}</h2>
        <p>${this.w("account.erase_text")}</p>
        ${this.left ? this.renderLeft(account) : nothing}
        ${this.field(this.w("account.erase_confirm", { proof }), this.confirm, (text) => (this.confirm = text), { part: "confirm" })}
        <div class="buttons"><button type="button" class="button" @click=${() => this.dialog.close()}>${this.w("cancel")}</button>
          <button class="button danger" part="erase-now" ?disabled=${this.confirm.trim() !== proof || (this.left !== "" && !this.forfeit) || this.isRunning("erase")}>${this.w("account.erase")}</button></div>
      </form></dialog></section>`;
  }

  /** What is lost by going, and a yes to that. */
  private renderLeft(account: Account): TemplateResult {
    const [minor = "0", currency = ""] = this.left.split(" ");
    const amount = money(Number(minor), currency, this.language);
    return html`<div class="callout warning" part="money-left">${icon("warning")}<div>${this.w(account.role === "user" ? "account.left_user" : "account.left_expert", { amount })}</div></div>
      <label class="check"><input type="checkbox" part="forfeit" .checked=${this.forfeit} @change=${(event: Event) => (this.forfeit = (event.target as HTMLInputElement).checked)}>${this.w("account.forfeit", { amount })}</label>`;
  }

  private async signOut(): Promise<void> {
    await this.run("sign-out", async () => {
      await this.api.send("POST", "/v1/sign-out", { pool: this.pool, role: this.as });
      location.assign(`/p/${encodeURIComponent(this.pool)}`);
    });
  }
}

define("openline-account", OpenlineAccount);

declare global {
  interface HTMLElementTagNameMap {
    "openline-account": OpenlineAccount;
  }
}
