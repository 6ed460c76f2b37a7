/** Money around a session: loaded in pools where something is charged, with its words; a chunk of its own. */
export { OpenlineBill } from "./bill";
export { OpenlineDeposit } from "./deposit";
export { OpenlineMeter } from "./meter";
export { OpenlineQuote } from "./quote";
