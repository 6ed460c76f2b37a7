import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { SliceController } from "../core";
import type { FeedbackItem, FeedbackPage } from "../generated/wire";
import { define } from "../ui/element";
import { icon } from "../ui/icons";
import { PeoplePage } from "./page";

interface Testimonial {
  testimonial: string;
  text: string;
  by: string;
}

const PINNED_MAX = 6;

/** Feedback on one expert: the expert answers and pins, an operator hides and adds testimonials of their own. */
export class OpenlineFeedbackList extends PeoplePage {
  @property({ attribute: false }) expert = "";
  @state() private items: readonly FeedbackItem[] = [];
  @state() private more = false;
  @state() private loaded = false;
  @state() private answering = "";
  @state() private text = "";
  @state() private testimonials: readonly Testimonial[] = [];
  @state() private ownText = "";
  @state() private ownBy = "";

  private readonly welcome = new SliceController(this, this.clients, (hall) => hall.welcome, null);

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has("expert")) this.loaded = false;
    if (!this.loaded && this.expert && this.welcome.value?.role === this.as) {
      this.loaded = true;
      void this.load();
    }
  }

  private async load(before = 0): Promise<void> {
    await this.run("load", async () => {
      const page = (await this.client!.request({ t: "feedback_of", expert: this.expert, before, limit: 20 })) as FeedbackPage;
      this.items = before ? [...this.items, ...page.items] : page.items;
      this.more = page.more;
      if (!before) this.testimonials = (await this.api.get<{ testimonials: Testimonial[] }>(this.path("profile"))).testimonials;
    });
  }

  private path(more: string): string {
    return `experts/${encodeURIComponent(this.expert)}/${more}`;
  }

  protected override render(): TemplateResult {
    return html`<section class="card" aria-labelledby="said"><h2 id="said">${this.w("feedback.title")}</h2>
      <p class="muted">${this.w(this.as === "operator" ? "feedback.operator_text" : "feedback.text")}</p>
      ${this.renderSaid()}
      ${this.items.length === 0 && !this.isRunning("load") ? html`<p class="muted">${this.w("feedback.none")}</p>` : nothing}
      <ul class="list">${this.items.map((one) => this.renderItem(one))}</ul>
      ${this.more ? html`<div class="buttons">${this.button("load", this.w("more"), () => void this.load(this.items.at(-1)?.at ?? 0))}</div>` : nothing}
      ${this.renderTestimonials()}</section>`;
  }

  private renderItem(one: FeedbackItem): TemplateResult {
    const date = new Intl.DateTimeFormat(this.language, { dateStyle: "medium" }).format(one.at);
    return html`<li class="names" data-feedback=${one.feedback}>
      <span class="row"><span class="stars" role="img" aria-label=${this.w("feedback.stars", { n: one.stars })}>${"★".repeat(one.stars)}${"☆".repeat(5 - one.stars)}</span><span class="muted small">${date}</span>
        ${one.pinned ? html`<span class="badge good">${this.w("feedback.pinned")}</span>` : nothing}
        ${one.hidden ? html`<span class="badge bad">${this.w("feedback.hidden")}</span>` : nothing}</span>
      ${one.text ? html`<p dir="auto">${one.text}</p>` : nothing}
      ${one.hidden_reason ? html`<p class="muted small" dir="auto">${one.hidden_reason}</p>` : nothing}
      ${one.answer ? html`<p class="callout" dir="auto">${one.answer}</p>` : nothing}
      ${this.answering === one.feedback ? this.renderForm(one) : this.renderActions(one)}</li>`;
  }

  private renderActions(one: FeedbackItem): TemplateResult {
    const open = () => {
      this.answering = one.feedback;
      this.text = "";
    };
    if (this.as === "operator") {
      return html`<div class="buttons"><button class="button quiet small" part="hide" @click=${open}>${this.w(one.hidden ? "feedback.show" : "feedback.hide")}</button></div>`;
    }
    return html`<div class="buttons">
      ${one.answer || one.hidden ? nothing : html`<button class="button quiet small" part="answer" @click=${open}>${this.w("feedback.answer")}</button>`}
      ${one.hidden ? nothing : this.button("pin", this.w(one.pinned ? "feedback.unpin" : "feedback.pin"), () => void this.pin(one), "quiet small")}</div>`;
  }

  private renderForm(one: FeedbackItem): TemplateResult {
    const operator = this.as === "operator";
    const send = (event: Event) => {
      event.preventDefault();
      void (operator ? this.hide(one) : this.answer(one));
    };
    return html`<form class="stack" @submit=${send}>
      ${this.field(this.w(operator ? "feedback.reason" : "feedback.your_answer"), this.text, (text) => (this.text = text), operator ? { max: 200 } : { lines: 3, max: 1000, hint: this.w("feedback.once") })}
      <div class="buttons"><button type="button" class="button quiet small" @click=${() => (this.answering = "")}>${this.w("cancel")}</button>
        <button class="button main small" part="send" ?disabled=${this.text.trim() === ""}>${icon("check")}${this.w(operator ? (one.hidden ? "feedback.show" : "feedback.hide") : "feedback.publish")}</button></div></form>`;
  }

  private async answer(one: FeedbackItem): Promise<void> {
    const text = this.text.trim();
    if (await this.run("answer", async () => void (await this.client!.request({ t: "answer_feedback", feedback: one.feedback, text })), this.w("saved_live"))) await this.again();
  }

  private async hide(one: FeedbackItem): Promise<void> {
    const reason = this.text.trim();
    if (await this.run("hide", async () => void (await this.client!.request({ t: "hide_feedback", feedback: one.feedback, hidden: !one.hidden, reason })), this.w("saved_live"))) await this.again();
  }

  private async pin(one: FeedbackItem): Promise<void> {
    const pinned = this.items.filter((other) => other.pinned && other !== one).map((other) => other.feedback);
    const next = one.pinned ? pinned : [one.feedback, ...pinned].slice(0, PINNED_MAX);
    if (await this.run("pin", async () => void (await this.api.send("PUT", this.path("testimonials"), { pinned: next })), this.w("saved_live"))) await this.again();
  }

  private async again(): Promise<void> {
    const { done } = this;
    this.answering = "";
    await this.load();
    this.done = done;
  }

  private renderTestimonials(): TemplateResult | typeof nothing {
    if (this.as !== "operator") return nothing;
    const add = () => this.run("testimonial", async () => {
      await this.api.send("POST", this.path("testimonials"), { text: this.ownText.trim(), by: this.ownBy.trim() });
      this.ownText = this.ownBy = "";
      await this.again();
    });
    const remove = (one: Testimonial) => this.run("testimonial", async () => {
      await this.api.send("DELETE", this.path(`testimonials/${encodeURIComponent(one.testimonial)}`));
      await this.again();
    });
    return html`<h2>${this.w("testimonials.title")}</h2><p class="muted">${this.w("testimonials.text")}</p>
      <ul class="list">${this.testimonials.map((one) => html`<li class="row"><span class="names grow"><span dir="auto">${one.text}</span><span class="muted small" dir="auto">${one.by}</span></span>
        <button class="button danger-quiet small" @click=${() => remove(one)}>${this.w("remove")}</button></li>`)}</ul>
      <div class="two">${this.field(this.w("testimonials.words"), this.ownText, (text) => (this.ownText = text), { lines: 2, max: 1000 })}
        ${this.field(this.w("testimonials.by"), this.ownBy, (by) => (this.ownBy = by), { max: 100 })}</div>
      <div class="buttons">${this.button("testimonial", this.w("testimonials.add"), add)}</div>`;
  }
}

define("openline-feedback-list", OpenlineFeedbackList);
