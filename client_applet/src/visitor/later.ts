/** What visitors need only once a panel is open or a session is over, with its words: a chunk of its own. */
export { OpenlineAbout } from "./about";
export { OpenlineCallMe } from "./call_me";
export { OpenlineFeedback } from "./feedback_form";
export { OpenlineNumber } from "./number_form";
