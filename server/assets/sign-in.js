// Hands the token behind the # to the server, once, and goes where the server says. The token is taken out of the
// address before anything else, so that it stays in no history.
const WORDS = {
  link_used: ["This link was used already", "Each link signs in once. Please ask for a new one."],
  link_expired: ["This link has expired", "Please ask for a new one."],
  link_unknown: ["This link is not complete", "Please copy the whole link, or ask for a new one."],
  malformed: ["This link is not complete", "Please copy the whole link, or ask for a new one."],
  rate_limited: ["Too many tries", "Please wait a minute and open the link again."],
  internal: ["That did not work", "Something failed on our side. Please open the link again in a moment."],
};

function tell(code) {
  const [title, words] = WORDS[code] ?? WORDS.internal;
  document.getElementById("title").textContent = title;
  document.getElementById("words").textContent = words;
}

async function signIn(token) {
  try {
    const answer = await fetch("/v1/sign-in", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ token }),
      signal: AbortSignal.timeout(10_000),
    });
    const told = await answer.json();
    if (answer.ok) location.replace(told.to);
    else tell(told.code);
  } catch {
    tell("internal");
  }
}

const token = location.hash.slice(1);
history.replaceState(null, "", location.pathname);
if (token === "") tell("malformed");
else void signIn(token);
