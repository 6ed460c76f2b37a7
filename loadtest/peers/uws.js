// usage: node uws.js SIZE. Everybody is subscribed to one topic; each line "go" publishes SIZE bytes there.
import uws from "@trufflesuite/uws-js-unofficial";
import { onGo } from "./driver.js";

const frame = Buffer.alloc(Number(process.argv[2]));
const app = uws.App().ws("/*", {
  compression: uws.DISABLED,
  idleTimeout: 0,
  open: (socket) => socket.subscribe("lights"),
});
app.listen("127.0.0.1", 0, (token) => {
  if (!token) throw new Error("cannot listen");
  console.log(`port ${uws.us_socket_local_port(token)}`);
});
onGo(() => app.publish("lights", frame, true));
