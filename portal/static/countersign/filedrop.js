// File fields: dropping files, saying what was chosen, refusing what is too large or too many before it is sent, and
// sending the form with progress. Without scripts the field is a plain file input in a plain form.
// A field for several files has its list by filelist.js.

import { size } from "./sizes.js";

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

const inputOf = (drop) => drop.querySelector("input[type=file]");

// Returns what to say about the chosen files, and whether they are too large or too many to send.
const told = (drop, files) => {
  const total = files.reduce((sum, file) => sum + file.size, 0);
  const [most, mostFiles] = [Number(drop.dataset.maxBytes || 0), Number(drop.dataset.mostFiles || 0)];
  const values = { name: files[0]?.name, count: files.length, size: size(total), most: size(most), many: mostFiles };
  if (!files.length) return ["", false];
  if (mostFiles && files.length > mostFiles) return [fill(drop.dataset.textTooMany, values), true];
  const key = files.length > 1 ? "Several" : "";
  if (most && total > most) return [fill(drop.dataset[`textTooLarge${key}`], values), true];
  return [fill(key ? drop.dataset.textSeveral : "{name} · {size}", values), false];
};

// Says what is chosen; false if it cannot be sent.
const check = (drop) => {
  const input = inputOf(drop);
  const chosen = drop.querySelector("[data-chosen]");
  const [text, refused] = told(drop, [...input.files]);
  chosen.classList.toggle("refused", refused);
  chosen.textContent = text;
  if (refused) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
  return !refused;
};

for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    const zone = event.target.closest?.(".file-drop-zone");
    if (!zone) return;
    event.preventDefault();
    const leaving = kind === "dragleave" && !zone.contains(event.relatedTarget);
    zone.classList.toggle("over", kind !== "drop" && !leaving);
    if (kind !== "drop" || !event.dataTransfer.files.length) return;
    const drop = zone.closest("[data-file-drop]");
    inputOf(drop).files = event.dataTransfer.files;
    inputOf(drop).dispatchEvent(new Event("change", { bubbles: true }));
  });
}

document.addEventListener("change", (event) => {
  const drop = event.target.closest("[data-file-drop]");
  if (drop && event.target.type === "file") check(drop);
});
document.addEventListener("filelist", (event) => check(event.target));

// The path of the answer that was put in place of a page, or null while the page is as it was loaded.
let shown = null;

// Puts the answer in place of the page, as the browser would after a plain submit. Parsed scripts stay inert.
const show = (request) => {
  const answer = new DOMParser().parseFromString(request.responseText, "text/html");
  if (request.status < 400 && request.responseURL) history.pushState(null, "", request.responseURL);
  shown = location.pathname;
  document.title = answer.title;
  document.body.replaceWith(answer.body);
  globalThis.htmx?.process(document.body);
  document.dispatchEvent(new CustomEvent("countersign:shown", { detail: { refused: request.status >= 400 } }));
  scrollTo(0, 0);
  (document.querySelector(".form-errors") || document.getElementById("main"))?.focus();
};

const send = (form, drop, submitter) => {
  const box = drop.querySelector("[data-progress]");
  const bar = box.querySelector("progress");
  const text = box.querySelector("[role=status]");
  const request = new XMLHttpRequest();
  const stop = (message) => {
    box.querySelector("[data-cancel]").hidden = true;
    text.textContent = message;
    form.removeAttribute("aria-busy");
    if (submitter) submitter.disabled = false;
  };
  request.upload.onprogress = (event) => {
    if (!event.lengthComputable) return;
    bar.value = (100 * event.loaded) / event.total;
    const sent = event.loaded === event.total ? drop.dataset.textChecking : drop.dataset.textSending;
    text.textContent = fill(sent, { sent: size(event.loaded), total: size(event.total) });
  };
  request.onload = () => show(request);
  request.onerror = () => stop(drop.dataset.textFailed);
  request.onabort = () => stop(drop.dataset.textCancelled);
  box.querySelector("[data-cancel]").onclick = () => request.abort();
  request.open("POST", form.getAttribute("action") || location.href);
  request.send(new FormData(form, submitter));
  form.setAttribute("aria-busy", "true");
  if (submitter) submitter.disabled = true;
  box.querySelector("[data-cancel]").hidden = false;
  box.hidden = false;
};

document.addEventListener("submit", (event) => {
  const form = event.target;
  const drop = form.querySelector("[data-file-drop]");
  if (!drop || form.hasAttribute("hx-post") || event.submitter?.hasAttribute("formaction")) return;
  if (form.getAttribute("aria-busy") || !check(drop)) {
    event.preventDefault();
    inputOf(drop).focus();
    return;
  }
  if (!inputOf(drop).files.length) return;
  event.preventDefault();
  send(form, drop, event.submitter);
});

// Back to a page that stands no longer there. A jump within the page is a popstate as well, and reloads nothing.
addEventListener("popstate", () => {
  if (shown !== null && location.pathname !== shown) location.reload();
});
