// The cable between browser and program, which can be pulled out and put in again.
import net from "node:net";

export class Wire {
  static async to(url) {
    const wire = new Wire(new URL(url));
    await wire.plugIn();
    return wire;
  }

  constructor(target) {
    this.target = target;
    this.sockets = new Set();
  }

  async plugIn() {
    this.server = net.createServer((near) => {
      const far = net.connect(Number(this.target.port), this.target.hostname);
      for (const [one, other] of [[near, far], [far, near]]) {
        this.sockets.add(one);
        one.pipe(other);
        one.on("error", () => other.destroy());
        one.on("close", () => {
          this.sockets.delete(one);
          other.destroy();
        });
      }
    });
    await new Promise((resolve) => this.server.listen(this.port ?? 0, "127.0.0.1", resolve));
    this.port = this.server.address().port;
    this.url = `http://127.0.0.1:${this.port}`;
  }

  async pullOut() {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }
}
