// Calls `send` for each line "go" on stdin and answers "sent"; ends when stdin ends.
import { createInterface } from "node:readline";

export function onGo(send) {
  createInterface({ input: process.stdin })
    .on("line", () => {
      send();
      console.log("sent");
    })
    .on("close", () => process.exit(0));
}
