import type { Message } from "./translate";

/** What visitors read once a panel is open or a session is over. */
export const visitEn = {
  "hours.title": "Hours",
  "hours.always": "No fixed hours",
  "hours.closed": "closed",
  "hours.opens": "next {time}",
  "hours.until": "until {time}",
  "hours.zone": "In your time. Where {name} is, it is {time} now ({zone}).",
  "hours.failed": "Hours and profile could not be loaded.",
  "hours.again": "Try again",

  "met.once": "You spoke with {name} once, on {day}.",
  "met.twice": "You spoke with {name} twice, last on {day}.",
  "met.times": { one: "You spoke with {name} {n} time, last on {day}.", other: "You spoke with {name} {n} times, last on {day}." },
  "profile.link": "Profile and feedback",
  "profile.count": { one: "{n} rating", other: "{n} ratings" },

  "tell.do": "Tell me when free",
  "tell.text": "One mail as soon as {name} is free, instead of waiting at the screen. While this page is open, a notification too.",
  "tell.submit": "Tell me",
  "tell.done": "We tell you as soon as {name} is free.",
  "tell.back": "Take it back",
  "tell.free": "{name} is free",
  "tell.freeText": "You wanted to be told. Come and connect.",

  "write.do": "Leave a message",
  "write.text": "It goes to {name} by mail, and the answer comes to your address.",
  "write.submit": "Send the message",
  "write.done": "Your message to {name} is on its way.",
  "write.doneText": "The answer comes to you by mail.",

  "field.name": "Your name",
  "field.email": "Your email address",
  "field.text": "Your message",
  "do.cancel": "Cancel",

  "rate.title": "How was it with {name}?",
  "rate.star": { one: "{n} star", other: "{n} stars" },
  "rate.text": "What should others know? (optional)",
  "rate.hint": "It stands on the profile, without your name.",
  "rate.teach": "The words of this chat may help others to find this expert. They are never shown to anybody.",
  "rate.submit": "Send feedback",
  "rate.skip": "Not now",
  "rate.choose": "Choose one to five stars first.",
  "rate.thanks": "Thank you. Your feedback is on the profile now.",
} as const satisfies Record<string, Message>;

export type VisitKey = keyof typeof visitEn;
