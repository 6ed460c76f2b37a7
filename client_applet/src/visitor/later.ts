/** What visitors need only once a panel is open or a session is over, with its words: a chunk of its own. */
export { OpenlineAbout } from "./about";
export { OpenlineFeedback } from "./feedback_form";
