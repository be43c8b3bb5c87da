// When a request made by htmx fails, the page says so; nothing typed is lost.

const tell = (key) => {
  const source = document.getElementById("request-failed");
  const place = document.getElementById("flashes");
  if (!source || !place) return;
  const note = source.content.firstElementChild.cloneNode(true);
  note.querySelector("[data-text]").textContent = source.dataset[key];
  place.replaceChildren(note);
  place.scrollIntoView({ block: "nearest" });
};

document.addEventListener("htmx:responseError", () => tell("refused"));
document.addEventListener("htmx:sendError", () => tell("unreachable"));
document.addEventListener("htmx:timeout", () => tell("unreachable"));
