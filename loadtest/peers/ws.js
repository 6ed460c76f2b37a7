// usage: node ws.js SIZE. Prints "port P"; each line "go" on stdin sends SIZE bytes to everybody, answered by "sent".
import { WebSocketServer } from "ws";
import { onGo } from "./driver.js";

const frame = Buffer.alloc(Number(process.argv[2]));
const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false, backlog: 4096 }, () =>
  console.log(`port ${server.address().port}`),
);
onGo(() => {
  for (const client of server.clients) client.send(frame, { binary: true });
});
