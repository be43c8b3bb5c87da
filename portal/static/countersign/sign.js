// Signing: how many clauses are left, drawing or typing, and the box to draw in. What is sent is the lines that were
// drawn, as numbers in a box of fixed size. Without scripts each clause has its tick and the name is typed.

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const counted = (box, n) => fill(n === 0 ? box.dataset.textNone : n === 1 ? box.dataset.textOne : box.dataset.textMany, { n });

// The clauses: a running count, and a way to the next that has no tick.
const clauses = (form) => {
  const box = form.querySelector("[data-left]");
  const next = box.querySelector("[data-next-clause]");
  const ticks = [...form.querySelectorAll(".clause-to-sign input[type=checkbox]")];
  const open = () => ticks.filter((tick) => !tick.checked);
  const say = () => {
    box.querySelector("[role=status]").textContent = counted(box, open().length);
    next.hidden = open().length === 0;
    box.classList.toggle("done", next.hidden);
  };
  next.addEventListener("click", () => {
    const [tick] = open();
    if (!tick) return;
    tick.closest("fieldset").scrollIntoView({ block: "start" });
    tick.focus({ preventScroll: true });
  });
  form.addEventListener("change", (event) => ticks.includes(event.target) && say());
  say();
};

// Draws a stroke as the paper will have it: smooth through the middles of its points.
const trace = (context, stroke) => {
  context.beginPath();
  context.moveTo(...stroke[0]);
  for (let at = 1; at < stroke.length - 1; at += 1) {
    const [x, y] = stroke[at];
    const [toX, toY] = stroke[at + 1];
    context.quadraticCurveTo(x, y, (x + toX) / 2, (y + toY) / 2);
  }
  context.lineTo(...stroke.at(-1));
  context.stroke();
};

class Pad {
  static CLOSE = 4; // points nearer than this to the last one say nothing new
  static INK = 5; // as wide as on the page of the confirmation

  constructor(part) {
    this.canvas = part.querySelector("[data-pad]");
    this.field = part.querySelector("input[name=strokes]");
    this.status = part.querySelector("[data-drawn]");
    this.undo = part.querySelector("[data-undo]");
    this.clear = part.querySelector("[data-clear]");
    this.width = Number(this.canvas.dataset.width);
    this.height = Number(this.canvas.dataset.height);
    this.most = Number(this.canvas.dataset.most);
    this.strokes = this.kept();
    this.drawing = null;
    this.listen();
    this.show();
  }

  kept() {
    try {
      const found = JSON.parse(this.field.value || "[]");
      return Array.isArray(found) ? found : [];
    } catch {
      return [];
    }
  }

  listen() {
    const { canvas } = this;
    canvas.addEventListener("pointerdown", (event) => this.begin(event));
    canvas.addEventListener("pointermove", (event) => this.go(event));
    for (const kind of ["pointerup", "pointercancel", "lostpointercapture"]) {
      canvas.addEventListener(kind, (event) => this.end(event));
    }
    this.undo.addEventListener("click", () => this.keep(this.strokes.slice(0, -1)));
    this.clear.addEventListener("click", () => this.keep([]));
    new ResizeObserver(() => this.paint()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.paint());
  }

  begin(event) {
    if (!event.isPrimary || event.button !== 0 || this.drawing !== null) return;
    event.preventDefault();
    if (this.count() >= this.most) return;
    this.drawing = event.pointerId;
    this.canvas.setPointerCapture(event.pointerId);
    this.strokes.push([this.at(event)]);
    this.paint();
  }

  go(event) {
    if (event.pointerId !== this.drawing) return;
    const several = event.getCoalescedEvents?.() ?? [];
    for (const each of several.length ? several : [event]) this.add(this.at(each));
    this.paint();
  }

  end(event) {
    if (event.pointerId !== this.drawing) return;
    this.drawing = null;
    this.keep(this.strokes);
  }

  add(point) {
    const stroke = this.strokes.at(-1);
    const last = stroke.at(-1);
    if (this.count() < this.most && Math.hypot(point[0] - last[0], point[1] - last[1]) >= Pad.CLOSE) stroke.push(point);
  }

  at(event) {
    const box = this.canvas.getBoundingClientRect();
    const inside = (value, most) => Math.round(Math.min(most, Math.max(0, value)));
    return [
      inside(((event.clientX - box.left) / box.width) * this.width, this.width),
      inside(((event.clientY - box.top) / box.height) * this.height, this.height),
    ];
  }

  count() {
    return this.strokes.reduce((sum, stroke) => sum + stroke.length, 0);
  }

  keep(strokes) {
    this.strokes = strokes;
    this.field.value = JSON.stringify(strokes);
    this.show();
  }

  show() {
    const n = this.strokes.length;
    this.undo.disabled = this.clear.disabled = n === 0;
    this.status.textContent = this.count() >= this.most ? this.status.dataset.textFull : counted(this.status, n);
    this.paint();
  }

  paint() {
    const { canvas } = this;
    const scale = (canvas.clientWidth * (window.devicePixelRatio || 1)) / this.width;
    if (!scale) return; // not shown
    const [wide, high] = [Math.round(this.width * scale), Math.round(this.height * scale)];
    if (canvas.width !== wide || canvas.height !== high) [canvas.width, canvas.height] = [wide, high];
    const context = canvas.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, wide, high);
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.strokeStyle = getComputedStyle(canvas).color;
    context.lineWidth = Pad.INK;
    context.lineCap = context.lineJoin = "round";
    for (const stroke of this.strokes) trace(context, stroke);
  }
}

// Drawing or typing: one of them is shown. Whoever has not chosen yet begins with drawing.
const ways = (form, pad) => {
  const choice = form.querySelector("[data-manner]");
  const radios = [...choice.querySelectorAll("input[type=radio]")];
  const show = () => {
    const chosen = radios.find((radio) => radio.checked)?.value;
    for (const part of form.querySelectorAll("[data-way]")) part.hidden = part.dataset.way !== chosen;
    pad.paint();
  };
  if (form.dataset.fresh === "yes") for (const radio of radios) radio.checked = radio.value === "drawn";
  choice.hidden = false;
  choice.addEventListener("change", show);
  show();
};

const form = document.querySelector("[data-signing]");
if (form) {
  clauses(form);
  ways(form, new Pad(form.querySelector('[data-way="drawn"]')));
}
