import type { FoundExpert, Mode } from "../generated/wire";
import type { Command, Hall, LiveClient } from "../core";
import type { Key, Language, Translate } from "../i18n";
import type { Actions } from "./actions";
import type { Alerts } from "./alerts";
import type { Situation } from "./situation";

/** All that the parts of a panel are made from. */
export interface PanelView {
  t: Translate<Key>;
  language: Language;
  /** Server milliseconds. */
  now: number;
  hall: Hall;
  expert: string;
  theme: string;
  situation: Situation;
  actions: Actions;
  client: LiveClient;
  alerts: Alerts;
  /** A second question that is open: whether to leave, how long to step away, how much to deposit. */
  asking: "" | "leave" | "away" | "deposit";
  mode: Mode;
  modes: readonly Mode[];
  choose: (mode: Mode) => void;
  ask: (what: PanelView["asking"]) => void;
  close: () => void;
  /** What one is about to do and what costs something: it is done when that has been seen. */
  considered: Command | null;
  consider: (command: Command | null) => void;
  /** Does it, or considers it first where it costs something. */
  start: (command: Command, name: string) => void;
  deposited: () => void;
  billSeen: () => void;
  /** Others who are free, as far as is known; to be looked at with `stillFree`. */
  free: readonly FoundExpert[];
}
