import type { Queue, QueueChange, Waiter } from "../generated/wire";
import type { Hall, KnownQueue } from "./state";

/** A whole line as told at `seq`. */
export function knownQueue(queue: Queue, seq: number): KnownQueue {
  return { expert: queue.expert, waiters: inOrder(queue.waiters), seq };
}

/** The hall after a line as staff see it came whole, or changed. */
export function reduceQueue(hall: Hall, message: Queue | QueueChange): Hall {
  const known = hall.queues.get(message.expert);
  if (known && message.seq <= known.seq) return hall;
  const queue = message.t === "queue" ? knownQueue(message, message.seq) : changed(known, message);
  return { ...hall, queues: new Map(hall.queues).set(message.expert, queue) };
}

function changed(known: KnownQueue | undefined, message: QueueChange): KnownQueue {
  const waiters = new Map(known?.waiters.map((waiter) => [waiter.ticket, waiter]));
  for (const ticket of message.gone) waiters.delete(ticket);
  for (const waiter of message.changed) waiters.set(waiter.ticket, waiter);
  return { expert: message.expert, waiters: inOrder([...waiters.values()]), seq: message.seq };
}

function inOrder(waiters: readonly Waiter[]): Waiter[] {
  return [...waiters].sort((a, b) => a.ordinal - b.ordinal);
}
