import { ar } from "./ar";
import { de } from "./de";
import { en, type Key } from "./en";
import { es } from "./es";
import { catalogues } from "./translate";

export type { Key } from "./en";
export * from "./format";
export {
  type Catalogue, catalogues, direction, LANGUAGES, type Language, languageOf, type Message, pickLanguage, type Translate, type Values,
} from "./translate";

/** What visitors read, in a language. */
export const translate = catalogues<Key>({ en, de, es, ar });
