import type { FoundExpert, Mode } from "../generated/wire";
import type { Hall, LiveClient } from "../core";
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
  /** A second question that is open: whether to leave, or how long to step away. */
  asking: "" | "leave" | "away";
  mode: Mode;
  modes: readonly Mode[];
  choose: (mode: Mode) => void;
  ask: (what: PanelView["asking"]) => void;
  close: () => void;
  /** Others who are free, as far as is known; to be looked at with `stillFree`. */
  free: readonly FoundExpert[];
}
