// The sign-in page. With a token behind the # it hands that to the server, once, and goes where the server says; else it
// shows the ways to sign in to the line that `?pool=` names, as `?role=`.
import { WORDS } from "/sign-in-catalogue.js";

const byId = (id) => document.getElementById(id);
const asked = new URLSearchParams(location.search);
const pool = asked.get("pool") ?? "";
const role = ["user", "expert", "operator"].includes(asked.get("role")) ? asked.get("role") : "user";
const language = [asked.get("language") ?? "", ...navigator.languages]
  .map((tag) => tag.split("-")[0].toLowerCase())
  .find((tag) => Object.hasOwn(WORDS, tag)) ?? "en";
// Which field a refusal is about: it gets the focus and is named as invalid.
const FIELD_OF = { bad_email: "email", email_missing: "email", name_missing: "name", empty_text: "name" };

function words(key, values = {}) {
  const known = Object.hasOwn(WORDS[language], key) ? key : "internal";
  return WORDS[language][known].replace(/\{(\w+)\}/g, (_place, name) => values[name] ?? "");
}

function tell(title, text) {
  byId("title").textContent = title;
  byId("words").textContent = text;
  document.title = title;
}

async function ask(path, body) {
  try {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(15_000),
    });
    const told = await answer.json();
    return { code: answer.ok ? "" : (told.code ?? "internal"), told };
  } catch {
    return { code: "internal", told: {} };
  }
}

// ---------------------------------------------------------------- a link

async function follow(token) {
  tell(words("going"), words("going_words"));
  const { code, told } = await ask("/v1/sign-in", { token });
  if (code === "") location.replace(told.to);
  else show(code === "malformed" ? "link_unknown" : code);
}

// ---------------------------------------------------------------- the forms

function missing(form) {
  const empty = [...form.elements].find((field) => field.required && field.value.trim() === "");
  if (empty) return `${empty.name}_missing`;
  const address = form.elements.email;
  return address.validity.typeMismatch ? "bad_email" : "";
}

function problem(form, code) {
  const said = form.querySelector(".problem");
  said.textContent = code === "" ? "" : words(code);
  said.id = `${form.id}-problem`;
  const wrong = code === "" ? null : (form.elements[FIELD_OF[code]] ?? form.elements.password);
  for (const field of form.querySelectorAll("input")) {
    field.removeAttribute("aria-invalid");
    if (field === wrong) {
      field.setAttribute("aria-invalid", "true");
      field.setAttribute("aria-errormessage", said.id);
    }
  }
  wrong?.focus();
}

function onSubmit(form, path, body, then) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    if (button.getAttribute("aria-busy") === "true") return;
    const lacking = missing(form);
    problem(form, lacking);
    if (lacking !== "") return;
    button.setAttribute("aria-busy", "true");
    const { code, told } = await ask(`/v1/pools/${encodeURIComponent(pool)}/${path}`, body(form.elements));
    button.setAttribute("aria-busy", "false");
    problem(form, code);
    if (code === "") then(told, form.elements.email.value.trim());
  });
}

function sent(_told, email) {
  byId("ways").hidden = true;
  tell(words("sent"), words("sent_words", { email }));
  byId("title").focus();
}

async function showProvider() {
  try {
    const answer = await fetch(`/v1/pools/${encodeURIComponent(pool)}/sign-in-options`);
    const { oidc } = answer.ok ? await answer.json() : { oidc: "" };
    if (!oidc) return;
    const button = byId("provider");
    button.textContent = words("provider", { name: oidc });
    button.href = `/v1/pools/${encodeURIComponent(pool)}/oidc/start`;
    button.hidden = false;
  } catch {
    // The other ways are there all the same.
  }
}

function show(code = "") {
  tell(words("title"), code === "" ? "" : words(code));
  if (pool === "") {
    if (code === "") byId("words").textContent = words("no_pool");
    return;
  }
  byId("ways").hidden = false;
  // Users sign up by themselves; experts and operators are invited.
  byId("with-sign-up").hidden = role !== "user";
  if (asked.get("new") === "1" && role === "user") byId("with-sign-up").open = true;
  if (role === "user") void showProvider();
}

document.documentElement.lang = language;
document.documentElement.dir = language === "ar" ? "rtl" : "ltr";
for (const place of document.querySelectorAll("[data-word]")) place.textContent = words(place.dataset.word);
const address = (fields) => fields.email.value.trim();
onSubmit(byId("link"), "sign-in-link", (fields) => ({ email: address(fields), role, language }), sent);
onSubmit(
  byId("password"), "password-sign-in",
  (fields) => ({ email: address(fields), password: fields.password.value, role }),
  (told) => location.replace(told.to),
);
onSubmit(
  byId("sign-up"), "sign-up",
  (fields) => ({
    email: address(fields), name: fields.name.value.trim(), password: fields.password.value, language,
  }),
  sent,
);

// A link put into the tab that shows this page already: only what is behind the # is new, and the browser loads nothing.
addEventListener("hashchange", () => {
  if (location.hash.length > 1) location.reload();
});
const token = location.hash.slice(1);
history.replaceState(null, "", location.pathname + location.search);
// A provider's sign-in that did not work comes back here with its name.
if (token === "") show(asked.get("problem") ?? "");
else void follow(token);
