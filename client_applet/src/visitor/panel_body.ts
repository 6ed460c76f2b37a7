import { html, nothing, type TemplateResult } from "lit";
import { refusal, whyStopped } from "../ui/words";
import { icon } from "../ui/icons";
import { othersFree } from "./free_list";
import { notices } from "./notices";
import { inLine } from "./panel_line";
import { calling, over, readyCheck, session } from "./panel_meeting";
import { avail } from "./panel_light";
import { billToSee, considered, deposit, depositButton } from "./panel_money";
import { ringing } from "./panel_phone";
import type { PanelView } from "./panel_view";
import { subject } from "./situation";

export type { PanelView } from "./panel_view";

/** The body of the panel for the situation, with what went wrong last. */
export function body(view: PanelView): TemplateResult {
  return html`${problem(view)}${told(view)}${deposit(view, subject(view.situation, view.expert))}${billToSee(view)}${view.actions.wantsSignIn ? signIn(view) : bySituation(view)}`;
}

function bySituation(view: PanelView): TemplateResult {
  const now = view.situation;
  const urgent = (now.kind === "session" && now.session.state !== "ended") || now.kind === "ready_check" || now.kind === "calling";
  if (view.considered && !urgent) return considered(view, view.considered);
  switch (now.kind) {
    case "session": return session(view, now.session);
    case "ready_check": return now.offer.by_phone ? ringing(view, now.offer) : readyCheck(view, now.offer);
    case "calling": return calling(view, now.offer);
    case "in_line": return inLine(view, now.ticket, now.places);
    case "over": return html`${over(view, now.ticket)}`;
    case "stopped": return stopped(view, now.closeCode);
    case "loading": return loading(view);
    case "unknown": return html`<div class="say"><h3>${view.t("unknown.title")}</h3><p>${view.t("unknown.text")}</p></div>${othersFree(view, [view.expert], view.hall.ticket !== null)}`;
    case "full":
    case "light": return avail(view, now.light, now.ticket, now.kind === "full");
  }
}

/** Where the body itself says why the place or the session ended, nobody needs to hear it twice. */
function told({ t, client, hall, situation }: PanelView): TemplateResult[] {
  const said = situation.kind === "over" || situation.kind === "session";
  return notices(t, client, said ? hall.notices.filter((one) => one.code === "moved_by_operator") : hall.notices.slice(-3));
}

function problem(view: PanelView): TemplateResult | typeof nothing {
  const { actions, t } = view;
  if (actions.problem === "" || actions.problem === "no_visitors") return nothing;
  const poor = actions.problem === "balance_too_low";
  return html`<div class="callout ${poor ? "warning" : "error"}" role="alert">${icon("warning")}<div>${refusal(t, actions.problem)}${poor ? html`<br>${depositButton(view)}` : nothing}</div></div>`;
}

function signIn({ actions, t, hall, language, client }: PanelView): TemplateResult {
  const visitors = (hall.welcome?.rules.visitors ?? false) && actions.problem !== "no_visitors";
  return html`
    <div class="say">
      <h3>${t("sign.title")}</h3>
      <p>${t("sign.text")}</p>
      ${visitors ? nothing : html`<p>${t("sign.none")}</p>`}
    </div>
    <div class="actions">
      ${visitors ? html`
        <button class="button main wide" autofocus ?disabled=${actions.running !== ""} @click=${() => actions.tryAsVisitor()}>
          ${actions.running ? html`<span class="spinner"></span>` : icon("person")}${t("sign.visitor")}
        </button>` : nothing}
      <a class="button ${visitors ? "outline" : "main"} wide" part="sign-in" href=${actions.signInPage(language)} target="_blank" rel="noopener" @click=${() => actions.goSignIn()}>${t("sign.link")}</a>
      <button class="button quiet wide" @click=${() => actions.clear()}>${t("do.cancel")}</button>
    </div>
    ${client.server === location.origin ? html`<p class="hint">${t("sign.back")}</p>` : nothing}`;
}

function stopped({ t, client }: PanelView, closeCode: number): TemplateResult {
  return html`
    <div class="say"><h3>${t("stopped.title")}</h3><p>${t(whyStopped(closeCode))}</p></div>
    <div class="actions"><button class="button outline wide" @click=${() => client.again()}>${icon("refresh")}${t("stopped.again")}</button></div>`;
}

function loading({ t }: PanelView): TemplateResult {
  return html`
    <div class="say" aria-busy="true">
      <span class="said">${t("loading.title")}</span>
      <div class="skeleton line long"></div><div class="skeleton line"></div><div class="skeleton block"></div>
    </div>`;
}
