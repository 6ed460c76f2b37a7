import { html, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { define } from "../ui/element";
import { icon } from "../ui/icons";
import { shelf } from "../ui/shelf";
import { VisitForm } from "./visit_form";
import { forget, keepWish } from "./wishes";

/** "Tell me when free": one mail, and a notification while the page is open. Parts: `wish`, `email`, `submit`, `wished`, `unwish`. Fires `form-closed`. */
export class OpenlineWish extends VisitForm {
  @property({ type: Boolean }) member = false;
  /** The server says that this member has asked before. */
  @property({ type: Boolean }) asked = false;

  @state() private address = "";
  @state() private askAddress = false;
  @state() private wished = false;

  override connectedCallback(): void {
    super.connectedCallback();
    this.address = shelf.get("email");
    this.askAddress = !this.member || this.address !== "";
    this.wished = this.asked || shelf.get(this.key) !== "";
    if (this.wished) this.keep();
  }

  private get key(): string {
    return `wish:${this.client?.pool}:${this.expert}`;
  }

  protected override render(): TemplateResult {
    if (this.wished) return this.done();
    return html`
      <form part="wish" novalidate @submit=${this.go}>
        <p class="hint">${this.t("tell.text", { name: this.name })}</p>
        ${this.trouble()}
        ${this.askAddress ? this.email(this.address, (value) => { this.address = value; shelf.put("email", value); }) : ""}
        <div class="buttons">${this.submit("tell.submit")}
          <button class="button quiet" type="button" @click=${this.close}>${this.t("do.cancel")}</button></div>
      </form>`;
  }

  private done(): TemplateResult {
    return html`${this.trouble()}<div class="callout good" part="wished" role="status">${icon("bell")}<div><strong>${this.t("tell.done", { name: this.name })}</strong>
      <div class="buttons"><button class="button quiet small" part="unwish" ?disabled=${this.running} @click=${this.takeBack}>${this.t("tell.back")}</button></div></div></div>`;
  }

  private readonly go = async (event: Event): Promise<void> => {
    event.preventDefault();
    const missing = this.checked(this.askAddress ? this.address : null, null);
    if (missing !== "") return this.refuse(missing);
    // In the click: browsers ask for permission only then.
    if (typeof Notification !== "undefined" && Notification.permission === "default") void Notification.requestPermission().catch(() => {});
    const email = this.askAddress ? this.address.trim() : "";
    if (await this.send({ t: "tell_me", expert: this.expert, email, wanted: true, language: this.language })) {
      shelf.put(this.key, email || "member");
      this.wished = true;
      this.keep();
      this.close(); // The other step is there again, beside what was just asked for.
    } else if (this.problem === "no_email") {
      this.askAddress = true;
    }
  };

  private readonly takeBack = async (): Promise<void> => {
    const kept = shelf.get(this.key);
    const email = kept === "member" ? "" : kept;
    if (!(await this.send({ t: "tell_me", expert: this.expert, email, wanted: false, language: this.language }))) return;
    shelf.put(this.key, "");
    if (this.client) forget(this.client, this.expert);
    this.wished = false;
    this.close();
  };

  private keep(): void {
    if (!this.client) return;
    const { key } = this;
    keepWish(this.client, this.expert, {
      title: this.t("tell.free", { name: this.name }), text: this.t("tell.freeText"), told: () => {
        shelf.put(key, "");
        this.wished = false;
      },
    });
  }

  private readonly close = (): void => {
    this.dispatchEvent(new CustomEvent("form-closed"));
  };
}

define("openline-wish", OpenlineWish);
