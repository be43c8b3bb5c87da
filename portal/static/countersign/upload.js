// Sends a zip in pieces, each at the place that the server names. A broken connection is tried again by itself;
// after a reload the same file goes on where it was, once the server has compared it with what arrived.

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];
const FIRST_PIECE = 1024 * 1024;
// A piece should take a few seconds: little is lost with a broken connection, and the bar moves.
const QUICK = 3000;
const SLOW = 15_000;
const LONGEST_WAIT = 30;

const size = (bytes) => {
  const step = bytes < 1024 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** step;
  return `${value.toFixed(step ? 1 : 0)} ${UNITS[step]}`;
};

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

// What ends an upload until a person does something; `key` names the text of the page, or `said` is the server's own.
class Halt extends Error {
  constructor(key, said = "") {
    super(said || key);
    this.key = key;
    this.said = said;
  }
}

// What may be cured by waiting.
class Lost extends Error {}

class Upload {
  constructor(root, file, subset) {
    this.root = root;
    this.file = file;
    this.subset = subset;
    this.received = 0;
    this.piece = FIRST_PIECE;
    this.speed = 0;
    this.state = null;
    this.compared = false;
    this.abort = new AbortController();
    this.paused = false;
    // Each start and each pause is a turn: what was begun in an earlier one goes no further.
    this.turn = 0;
  }

  text(key, values = {}) {
    const common = { sent: size(this.received), total: size(this.file.size), name: this.file.name };
    return fill(this.root.dataset[`text${key}`], { ...common, ...values });
  }

  async ask(address, options = {}) {
    const token = this.root.querySelector("[name=csrfmiddlewaretoken]").value;
    const headers = { "X-CSRFToken": token, ...options.headers };
    let response;
    try {
      // A redirect leads to the sign-in page: there is nothing to send there.
      response = await fetch(address, { ...options, headers, redirect: "manual", signal: this.abort.signal });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      // The file is read while it is sent: one that was changed or moved cannot be.
      if (error.name === "NotReadableError" || error.name === "NotFoundError") throw new Halt("Changed");
      throw new Lost();
    }
    if (response.type === "opaqueredirect" || response.status === 403) throw new Halt("SignedOut");
    if (response.status === 404) throw new Halt("Gone");
    if (response.status >= 500 || response.status === 408 || response.status === 429) throw new Lost();
    const answer = await response.json().catch(() => null);
    if (answer === null) throw new Lost();
    if (response.status === 422) throw new Halt("", answer.error);
    return { status: response.status, answer };
  }

  async begin() {
    const announced = new URLSearchParams({ subset: this.subset, name: this.file.name, size: this.file.size });
    const { answer } = await this.ask(this.root.dataset.begin, { method: "POST", body: announced });
    this.state = answer;
    this.received = answer.received;
    this.piece = Math.min(this.piece, answer.piece);
    if (answer.samples.length) await this.compare();
    this.compared = true;
  }

  async compare() {
    this.show(this.text("Comparing"));
    const places = this.state.samples.map(([start, stop]) => this.file.slice(start, stop));
    const { status } = await this.post(this.state.compare, new Blob(places));
    if (status === 409) throw new Halt("OtherFile");
  }

  // Bytes are read before they are sent, so that a file that cannot be read is told from a connection that broke.
  async post(address, blob, headers = {}) {
    let body;
    try {
      body = await blob.arrayBuffer();
    } catch {
      throw new Halt("Changed");
    }
    const plain = { "Content-Type": "application/octet-stream", ...headers };
    return this.ask(address, { method: "POST", body, headers: plain });
  }

  async send() {
    while (this.received < this.file.size) {
      const start = this.received;
      const began = performance.now();
      const piece = this.file.slice(start, start + this.piece);
      const { answer } = await this.post(this.state.address, piece, { "Upload-Offset": String(start) });
      // 409 has the right place as well: a piece whose answer was lost had arrived.
      this.received = answer.received;
      const took = Math.max(1, performance.now() - began);
      if (this.received === start + piece.size) this.measure(piece.size, took);
      this.showProgress();
    }
  }

  measure(bytes, took) {
    const now = (1000 * bytes) / took;
    this.speed = this.speed ? 0.7 * this.speed + 0.3 * now : now;
    if (took < QUICK) this.piece = Math.min(this.piece * 2, this.state.piece);
    else if (took > SLOW) this.piece = Math.max(this.piece / 2, 64 * 1024);
  }

  showProgress() {
    const left = this.speed ? (this.file.size - this.received) / this.speed : 0;
    this.show(this.speed ? this.text("Sending", { speed: size(this.speed), left: this.time(left) }) : this.text("Started"));
  }

  time(seconds) {
    const minutes = Math.ceil(seconds / 60);
    if (minutes >= 60) return this.text("Hours", { hours: Math.floor(minutes / 60), minutes: minutes % 60 });
    return seconds >= 60 ? this.text("Minutes", { minutes }) : this.text("Seconds", { seconds: Math.ceil(seconds) });
  }

  show(text) {
    this.root.querySelector("[data-upload-text]").textContent = text;
    this.root.querySelector("[data-upload-bar]").value = this.received / this.file.size;
  }

  // What a listener should hear: not every piece, but each change of what happens.
  say(text) {
    this.show(text);
    this.root.querySelector("[data-upload-said]").textContent = text;
  }

  buttons(running) {
    this.root.querySelector("[data-upload-pause]").hidden = !running;
    this.root.querySelector("[data-upload-resume]").hidden = running;
    this.root.querySelector("[data-upload-buttons]").hidden = false;
  }

  async run() {
    this.turn += 1;
    const { turn } = this;
    this.paused = false;
    this.abort = new AbortController();
    this.buttons(true);
    for (let failed = 0; ; ) {
      const before = this.received;
      try {
        if (!this.compared) await this.begin();
        else this.received = (await this.ask(this.state.address)).answer.received;
        this.showProgress();
        await this.send();
        break;
      } catch (error) {
        if (turn !== this.turn || error.name === "AbortError") return;
        if (!(error instanceof Lost)) {
          this.halt(error);
          return;
        }
        this.piece = Math.max(this.piece / 2, 64 * 1024);
        failed = this.received > before ? 1 : failed + 1;
        await this.wait(Math.min(2 ** (failed - 1), LONGEST_WAIT), turn);
        if (turn !== this.turn) return;
      }
    }
    this.root.querySelector("[data-upload-pause]").hidden = true;
    this.say(this.text("Done"));
    finished = true;
    location.assign(this.state.then);
  }

  // Stops until a person does something: goes on, or chooses another file.
  halt(error) {
    this.turn += 1;
    this.paused = true;
    this.buttons(false);
    // What never began can neither go on nor be cancelled: it is chosen again.
    if (!this.state) this.again();
    this.say(error instanceof Halt ? error.said || this.text(error.key) : String(error));
    if (error.key === "OtherFile" || error.key === "Changed") this.again();
  }

  again() {
    this.root.querySelector("[data-upload-buttons]").hidden = true;
    this.root.querySelector("[data-upload-form]").hidden = false;
  }

  // Waits some seconds, or until the browser says that it is online again.
  async wait(seconds, turn) {
    for (let left = seconds; left > 0 && turn === this.turn; left -= 1) {
      if (left === seconds) this.say(this.text("Lost", { seconds: left }));
      else this.show(this.text("Lost", { seconds: left }));
      const online = await new Promise((resolve) => {
        const woken = () => resolve(true);
        addEventListener("online", woken, { once: true });
        setTimeout(() => { removeEventListener("online", woken); resolve(false); }, 1000);
      });
      if (online) break;
    }
    if (turn === this.turn) this.show(this.text("Trying"));
  }

  pause() {
    this.turn += 1;
    this.paused = true;
    this.abort.abort();
    this.buttons(false);
    this.say(this.text("Paused"));
  }

  async cancel() {
    this.pause();
    finished = true;
    if (this.state) {
      this.abort = new AbortController();
      // The answer is a redirect to this page, which then says that it was removed.
      await this.ask(this.state.remove, { method: "POST" }).catch(() => null);
    }
    location.reload();
  }
}

let current = null;
let finished = false;

const root = document.querySelector("[data-upload]");
if (root) {
  const part = (name) => root.querySelector(`[data-upload-${name}]`);
  const subset = document.querySelector("#choose [name=subset]");
  // A zip begins with the initials of its inventor, an empty one too; a renamed tar does not.
  const isZip = async (file) => {
    const head = await file.slice(0, 2).arrayBuffer().catch(() => new ArrayBuffer(0));
    return new TextDecoder("latin1").decode(head) === "PK";
  };
  const chosen = async () => {
    const file = part("input").files[0];
    part("start").disabled = true;
    const named = Boolean(file && /\.zip$/i.test(file.name));
    const fits = named && (await isZip(file));
    if (file !== part("input").files[0]) return;
    const text = !file ? "" : root.dataset[fits ? "textChosen" : named ? "textNotInside" : "textNoZip"];
    part("chosen").textContent = file ? fill(text, { name: file.name, size: size(file.size) }) : "";
    part("chosen").classList.toggle("refused", Boolean(file) && !fits);
    part("start").disabled = !fits;
  };
  root.hidden = false;
  document.querySelector("[data-upload-without]").hidden = true;
  part("input").addEventListener("change", chosen);
  const zone = root.querySelector(".file-drop-zone");
  for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) {
    zone.addEventListener(kind, (event) => {
      event.preventDefault();
      event.stopPropagation();
      const leaving = kind === "dragleave" && !zone.contains(event.relatedTarget);
      zone.classList.toggle("over", kind !== "drop" && !leaving);
      if (kind !== "drop" || !event.dataTransfer.files.length) return;
      part("input").files = event.dataTransfer.files;
      chosen();
    });
  }
  part("form").addEventListener("submit", (event) => {
    event.preventDefault();
    const file = part("input").files[0];
    if (!file || !subset.reportValidity()) return;
    current = new Upload(root, file, subset.value);
    part("name").textContent = file.name;
    part("form").hidden = true;
    part("running").hidden = false;
    part("pause").focus();
    current.run();
  });
  part("pause").addEventListener("click", () => { current.pause(); part("resume").focus(); });
  part("resume").addEventListener("click", () => { current.run(); part("pause").focus(); });
  part("cancel").addEventListener("click", () => current.cancel());
  addEventListener("beforeunload", (event) => {
    if (current && !current.paused && !finished && current.received < current.file.size) event.preventDefault();
  });
  chosen();
}
