// Buttons that copy: <button data-copy="text" data-copied="Copied" hidden>. Shown only where copying works.

const show = (root) => {
  if (!navigator.clipboard) return;
  for (const button of root.querySelectorAll("button[data-copy][hidden]")) button.hidden = false;
};

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-copy]");
  if (!button) return;
  const status = button.closest("[data-copyable]")?.querySelector("[role=status]");
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    if (status) status.textContent = button.dataset.copied;
  } catch {
    if (status) status.textContent = button.dataset.failed;
  }
  setTimeout(() => { if (status) status.textContent = ""; }, 6000);
});

show(document);
document.addEventListener("htmx:load", (event) => show(event.target));
