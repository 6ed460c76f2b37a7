import type { ChatLine, DeliveredTo, HistoryPage, Said, TypingNow } from "../generated/wire";
import { type Chat, EMPTY_CHAT, type Hall } from "./state";

const CHATS_MAX = 4;

/** The hall after something about a conversation: lines are one per number, in order, however often they come. */
export function reduceChat(hall: Hall, message: Said | TypingNow | DeliveredTo | HistoryPage): Hall {
  const chat = hall.chats.get(message.session) ?? EMPTY_CHAT;
  const chats = new Map(hall.chats);
  chats.delete(message.session);
  chats.set(message.session, changed(chat, message, hall.lastFrameAt));
  const oldest = chats.size > CHATS_MAX ? chats.keys().next().value : undefined;
  if (oldest !== undefined) chats.delete(oldest);
  return { ...hall, chats };
}

function changed(chat: Chat, message: Said | TypingNow | DeliveredTo | HistoryPage, now: number): Chat {
  switch (message.t) {
    case "said":
      return { ...chat, lines: merged(chat.lines, [message.line]), typingAt: { ...chat.typingAt, [message.line.side]: 0 } };
    case "typing_now":
      return { ...chat, typingAt: { ...chat.typingAt, [message.side]: now } };
    case "delivered_to":
      return { ...chat, seen: { ...chat.seen, [message.side]: Math.max(chat.seen[message.side], message.n) } };
    case "history_page":
      return withHistory(chat, message);
  }
}

function withHistory(chat: Chat, page: HistoryPage): Chat {
  const seen = {
    user: Math.max(chat.seen.user, page.delivered_user),
    expert: Math.max(chat.seen.expert, page.delivered_expert),
  };
  const reachesFurther = (page.lines[0]?.n ?? 0) <= (chat.lines[0]?.n ?? Number.MAX_SAFE_INTEGER);
  return { ...chat, seen, lines: merged(chat.lines, page.lines), more: reachesFurther ? page.more : chat.more };
}

/** Of a line that is known already the later change counts: a page of history may have been read before a change that came first. */
function merged(known: readonly ChatLine[], more: readonly ChatLine[]): ChatLine[] {
  const lines = new Map(known.map((line) => [line.n, line]));
  for (const line of more) {
    if (line.edited_at >= (lines.get(line.n)?.edited_at ?? 0)) lines.set(line.n, line);
  }
  return [...lines.values()].sort((a, b) => a.n - b.n);
}
