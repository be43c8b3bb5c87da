// A field for several files: the list of what is chosen, each with a small picture where the browser can make one.
// Choosing again or dropping adds to the list; a page that comes back with an error has the same files chosen still.
// Without scripts the field is a plain file input that takes several files.

import { size } from "./sizes.js";

const SMALL = 112;
// Decoding what is larger costs a phone more than the little picture is worth.
const LARGEST_SHOWN = 24 * 1024 * 1024;

// By the field's name, since the page around it may be put in place of another.
const chosen = new Map();

const inputOf = (drop) => drop.querySelector("input[type=file]");

const same = (a, b) => a.name === b.name && a.size === b.size && a.lastModified === b.lastModified;

// Drawn on a canvas rather than shown as an image: no address is made that the page's policy would have to allow.
const picture = async (file, canvas, icon) => {
  if (!/^image\/(jpeg|png)$/.test(file.type) || file.size > LARGEST_SHOWN) return;
  try {
    const small = await createImageBitmap(file, { resizeHeight: SMALL, resizeQuality: "medium" });
    canvas.width = small.width;
    canvas.height = small.height;
    canvas.getContext("2d").drawImage(small, 0, 0);
    small.close();
    canvas.hidden = false;
    icon.hidden = true;
  } catch {
    // Not a picture, or one that this browser cannot read: the server will say which.
  }
};

const row = (drop, file) => {
  const made = drop.querySelector("template[data-row]").content.firstElementChild.cloneNode(true);
  made.querySelector("[data-name]").textContent = file.name;
  made.querySelector("[data-size]").textContent = size(file.size);
  const remove = made.querySelector("[data-remove]");
  remove.setAttribute("aria-label", drop.dataset.textRemove.replace("{name}", file.name));
  picture(file, made.querySelector("canvas"), made.querySelector("[data-icon]"));
  return made;
};

const put = (drop, files) => {
  const input = inputOf(drop);
  const carrier = new DataTransfer();
  for (const file of files) carrier.items.add(file);
  input.files = carrier.files;
  chosen.set(input.name, files);
  const list = drop.querySelector("[data-list]");
  list.replaceChildren(...files.map((file) => row(drop, file)));
  list.hidden = !files.length;
  drop.dispatchEvent(new CustomEvent("filelist", { bubbles: true }));
};

// Before other listeners, so that they find the whole list in the field.
document.addEventListener(
  "change",
  (event) => {
    const drop = event.target.closest?.("[data-file-list]");
    if (!drop || event.target.type !== "file") return;
    const before = chosen.get(event.target.name) ?? [];
    const fresh = [...event.target.files].filter((file) => !before.some((other) => same(file, other)));
    put(drop, [...before, ...fresh]);
  },
  true,
);

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-file-list] [data-remove]");
  if (!button || button.closest("form").getAttribute("aria-busy")) return;
  const drop = button.closest("[data-file-list]");
  const at = [...drop.querySelectorAll("[data-remove]")].indexOf(button);
  put(drop, (chosen.get(inputOf(drop).name) ?? []).filter((_, other) => other !== at));
  const left = drop.querySelectorAll("[data-remove]");
  (left[Math.min(at, left.length - 1)] ?? inputOf(drop)).focus();
});

// An answer was put in place of the page: after an error its empty field takes the files that were chosen.
document.addEventListener("countersign:shown", (event) => {
  for (const drop of document.querySelectorAll("[data-file-list]")) {
    const files = chosen.get(inputOf(drop).name) ?? [];
    if (event.detail.refused && files.length) put(drop, files);
  }
  if (!event.detail.refused) chosen.clear();
});

// Some browsers keep what was chosen over a reload.
for (const drop of document.querySelectorAll("[data-file-list]")) {
  if (inputOf(drop).files.length) put(drop, [...inputOf(drop).files]);
}
