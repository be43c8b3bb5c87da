// Keys for the reviewer. An element says which key it answers: <a data-key="j">, <summary data-key="a">.
// A key follows a link, or opens a form and puts the cursor in it; it never sends one. They can be switched
// off in the help dialog (WCAG 2.1.4), which is remembered in this browser.

const STORED = "countersign.shortcuts";

const off = () => {
  try {
    return localStorage.getItem(STORED) === "off";
  } catch {
    return false;
  }
};

// Right after a dialog was closed its switch may still have the focus: letters mean nothing to it.
const TYPED_INTO = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";
const typing = (target) => target.closest?.(TYPED_INTO);

const answer = (element) => {
  if (element.tagName !== "SUMMARY" || element.parentElement.hasAttribute("data-confirm")) {
    element.click();
    return;
  }
  const details = element.parentElement;
  details.open = true;
  details.scrollIntoView({ block: "nearest" });
  const field = details.querySelector("textarea, select, input:not([type=hidden]), button");
  (field || element).focus();
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (typing(event.target) || document.querySelector("dialog[open]")) return;
  if (off() && event.key !== "?") return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const element = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (!element) return;
  event.preventDefault();
  answer(element);
});

const switches = () => document.querySelectorAll("input[data-shortcuts-switch]");

document.addEventListener("change", (event) => {
  if (!event.target.matches("input[data-shortcuts-switch]")) return;
  try {
    localStorage.setItem(STORED, event.target.checked ? "on" : "off");
  } catch {
    event.target.checked = true;
  }
});

for (const input of switches()) input.checked = !off();
for (const opener of document.querySelectorAll("[data-opens][hidden]")) opener.hidden = false;
