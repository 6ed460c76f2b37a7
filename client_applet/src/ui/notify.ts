/** A notification of the browser for somebody who is looking elsewhere; null when they look here or did not allow it. */
export function notify(title: string, body: string, tag: string): Notification | null {
  if (typeof Notification === "undefined" || Notification.permission !== "granted") return null;
  if (document.visibilityState === "visible" && document.hasFocus()) return null;
  try {
    const notification = new Notification(title, { body, tag, requireInteraction: true });
    notification.addEventListener("click", () => {
      focus();
      notification.close();
    });
    return notification;
  } catch {
    return null; // Some phones allow notifications from service workers only: sound and title remain.
  }
}
