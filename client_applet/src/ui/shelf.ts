/** What a person typed, kept over a reload for as long as the tab lives; where the browser keeps nothing, nothing is kept. */
export const shelf = {
  get(key: string): string {
    try {
      return sessionStorage.getItem(`openline-${key}`) ?? "";
    } catch {
      return "";
    }
  },
  put(key: string, value: string): void {
    try {
      if (value === "") sessionStorage.removeItem(`openline-${key}`);
      else sessionStorage.setItem(`openline-${key}`, value);
    } catch {
      // Full, or not allowed: the words stay on the screen.
    }
  },
};
