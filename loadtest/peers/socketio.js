// usage: node socketio.js SIZE text|binary. One event of about SIZE bytes on the wire to everybody for each line "go".
import { createServer } from "node:http";
import { Server } from "socket.io";
import { onGo } from "./driver.js";

const size = Number(process.argv[2]);
const ENVELOPE = '42["lights",""]'.length; // so that the text frame is exactly SIZE bytes
const body = process.argv[3] === "binary" ? Buffer.alloc(size) : "x".repeat(size - ENVELOPE);
const http = createServer();
const io = new Server(http, { transports: ["websocket"], perMessageDeflate: false, pingInterval: 600_000, serveClient: false });
http.listen({ host: "127.0.0.1", port: 0, backlog: 4096 }, () => console.log(`port ${http.address().port}`));
onGo(() => io.emit("lights", body));
