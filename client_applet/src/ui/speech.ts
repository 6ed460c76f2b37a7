/** Says a sentence aloud in its language; nothing where the person has not touched the page yet or the browser has no voice. */
export function speak(text: string, language: string): void {
  if (typeof speechSynthesis === "undefined" || navigator.userActivation?.hasBeenActive === false) return;
  const utterance = new SpeechSynthesisUtterance(text);
  utterance.lang = language;
  speechSynthesis.speak(utterance);
}
