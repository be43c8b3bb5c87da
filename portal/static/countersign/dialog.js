// A <details data-confirm> works by itself; with scripts its body opens in a modal <dialog> instead.
// A <button data-opens="id"> opens the <dialog id>. Menus close on Escape and on a click elsewhere.

const openConfirm = (details) => {
  const body = details.querySelector(".confirm-body");
  const heading = body.querySelector("h2");
  const dialog = document.createElement("dialog");
  if (heading?.id) dialog.setAttribute("aria-labelledby", heading.id);
  dialog.append(body);
  document.body.append(dialog);
  dialog.addEventListener("close", () => {
    details.append(body);
    dialog.remove();
    details.querySelector("summary").focus();
  });
  dialog.showModal();
};

document.addEventListener("click", (event) => {
  const summary = event.target.closest("details[data-confirm] > summary");
  if (summary && typeof HTMLDialogElement === "function") {
    event.preventDefault();
    openConfirm(summary.parentElement);
    return;
  }
  const opener = event.target.closest("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens)?.showModal();
  const cancel = event.target.closest("[data-close]");
  if (cancel) {
    const dialog = cancel.closest("dialog");
    if (dialog) dialog.close();
    else cancel.closest("details")?.removeAttribute("open");
  }
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// A link to a folded part opens it; paper shows everything.
const openTarget = () => {
  const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
  if (target instanceof HTMLDetailsElement) target.open = true;
};
addEventListener("hashchange", openTarget);
openTarget();
addEventListener("beforeprint", () => {
  for (const fold of document.querySelectorAll("details.fold:not([open])")) {
    fold.open = true;
    addEventListener("afterprint", () => { fold.open = false; }, { once: true });
  }
});
