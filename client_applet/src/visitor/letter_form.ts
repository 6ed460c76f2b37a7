import { html, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { define } from "../ui/element";
import { shelf } from "../ui/shelf";
import { VisitForm } from "./visit_form";

const TEXT_MAX = 4000;
const NAME_MAX = 100;

/** "Leave a message": goes to the expert by mail. Parts: `letter`, `name`, `email`, `text`, `submit`. Fires `letter-sent` and `form-closed`. */
export class OpenlineLetter extends VisitForm {
  /** A member: the server may know the address. */
  @property({ type: Boolean }) member = false;

  @state() private from = "";
  @state() private address = "";
  @state() private text = "";
  @state() private askAddress = false;

  override connectedCallback(): void {
    super.connectedCallback();
    const welcome = this.client?.store.state.welcome;
    this.from = shelf.get("name") || (this.member ? (welcome?.name ?? "") : "");
    this.address = shelf.get("email");
    this.text = shelf.get(this.key);
    this.askAddress = !this.member || this.address !== "";
  }

  private get key(): string {
    return `letter:${this.client?.pool}:${this.expert}`;
  }

  protected override render(): TemplateResult {
    return html`
      <form part="letter" novalidate @submit=${this.go}>
        <p class="hint">${this.t("write.text", { name: this.name })}</p>
        ${this.trouble()}
        ${this.line("text", "field.text", (invalid) => html`<textarea class="field" name="text" part="text" maxlength=${TEXT_MAX} dir="auto" .value=${this.text} aria-invalid=${invalid}
          aria-required="true" @input=${(event: InputEvent) => this.type("text", event)}></textarea>`)}
        ${this.line("name", "field.name", (invalid) => html`<input class="field" name="name" part="name" autocomplete="name" maxlength=${NAME_MAX} dir="auto" .value=${this.from} aria-invalid=${invalid}
          @input=${(event: InputEvent) => this.type("from", event)}>`)}
        ${this.askAddress ? this.email(this.address, (value) => { this.address = value; shelf.put("email", value); }) : ""}
        <div class="buttons">${this.submit("write.submit")}
          <button class="button quiet" type="button" @click=${this.close}>${this.t("do.cancel")}</button></div>
      </form>`;
  }

  private type(what: "text" | "from", event: InputEvent): void {
    const { value } = event.target as HTMLInputElement;
    this[what] = value;
    shelf.put(what === "text" ? this.key : "name", value);
  }

  private readonly go = async (event: Event): Promise<void> => {
    event.preventDefault();
    const missing = this.checked(this.askAddress ? this.address : null, this.text);
    if (missing !== "") return this.refuse(missing);
    const email = this.askAddress ? this.address.trim() : "";
    const name = this.from.replace(/[\0-\x1f\x7f]+/g, " ").trim();
    if (await this.send({ t: "leave_message", expert: this.expert, name, email, text: this.text.trim().replaceAll("\0", ""), language: this.language })) {
      this.text = "";
      shelf.put(this.key, "");
      this.dispatchEvent(new CustomEvent("letter-sent"));
    } else if (this.problem === "no_email") {
      this.askAddress = true;
    }
  };

  private readonly close = (): void => {
    this.dispatchEvent(new CustomEvent("form-closed"));
  };
}

define("openline-letter", OpenlineLetter);
