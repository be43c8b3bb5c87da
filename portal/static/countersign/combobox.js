// A text field that offers what the registry of organizations has: <input data-complete="/organizations/">, with the
// ids of fields to fill when they are empty in data-fills-city and data-fills-country, and the words for a screen
// reader in data-text-*. The pattern is ARIA's "editable combobox with list autocomplete": the focus stays in the field.
// Without scripts, and without an answer, it is a plain text field.

const WAIT = 200;
// As many letters as the server wants to see: two of a script in which each says much, as 清华.
const isEnough = (words) => words.length >= (/^[\x20-\x7e]*$/.test(words) ? 3 : 2);

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

const part = (tag, name, text) => {
  const made = document.createElement(tag);
  made.className = name;
  made.textContent = text;
  return made;
};

class Combobox {
  constructor(input) {
    this.input = input;
    this.options = [];
    this.at = -1;
    this.box = document.createElement("div");
    this.box.className = "combobox";
    input.before(this.box);
    this.list = document.createElement("ul");
    this.list.id = `${input.id}_list`;
    this.list.role = "listbox";
    this.list.hidden = true;
    this.list.setAttribute("aria-label", input.dataset.textList);
    this.status = part("p", "visually-hidden", "");
    this.status.role = "status";
    this.box.append(input, this.list, this.status);
    input.role = "combobox";
    input.autocomplete = "off";
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-controls", this.list.id);
    input.setAttribute("aria-expanded", "false");
    input.addEventListener("input", (event) => this.typed(event));
    input.addEventListener("keydown", (event) => this.pressed(event));
    input.addEventListener("blur", () => this.close());
    // The field keeps the focus while somebody points at the list.
    this.list.addEventListener("mousedown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.choose(this.options.indexOf(option));
    });
  }

  typed(event) {
    clearTimeout(this.timer);
    this.asked?.abort();
    if (event.isComposing) return;
    const words = this.input.value.trim();
    if (!isEnough(words)) {
      this.say("");
      this.close();
    } else this.timer = setTimeout(() => this.ask(words), WAIT);
  }

  async ask(words) {
    this.asked = new AbortController();
    try {
      const address = `${this.input.dataset.complete}?${new URLSearchParams({ words })}`;
      const answer = await fetch(address, { signal: this.asked.signal, headers: { Accept: "application/json" } });
      // Too often, signed out, or the server away: the field goes on as a plain one.
      if (!answer.ok || answer.redirected) {
        this.say("");
        return this.close();
      }
      const { organizations } = await answer.json();
      if (document.activeElement === this.input) this.show(organizations);
    } catch (problem) {
      if (problem.name !== "AbortError") this.close();
    }
  }

  show(organizations) {
    this.found = organizations;
    this.options = organizations.map((each, number) => {
      const option = document.createElement("li");
      option.id = `${this.list.id}_${number}`;
      option.role = "option";
      option.setAttribute("aria-selected", "false");
      const where = [each.place, each.domain].filter(Boolean).join(" · ");
      option.append(part("span", "option-name", each.name), part("span", "option-place", where));
      return option;
    });
    this.list.replaceChildren(...this.options);
    this.at = -1;
    this.input.removeAttribute("aria-activedescendant");
    this.open(this.options.length > 0);
    const text = { 0: this.input.dataset.textNone, 1: this.input.dataset.textOne }[this.options.length];
    this.say(fill(text ?? this.input.dataset.textMany, { count: this.options.length }), this.options.length === 0);
  }

  // What the list shows is said for who listens. That there is none is for everybody: no list shows it.
  say(text, isForAll = false) {
    this.status.className = isForAll ? "field-help combobox-none" : "visually-hidden";
    this.status.textContent = text;
  }

  open(is) {
    this.list.hidden = !is;
    this.input.setAttribute("aria-expanded", String(is));
  }

  close() {
    clearTimeout(this.timer);
    this.asked?.abort();
    this.open(false);
    this.at = -1;
    this.input.removeAttribute("aria-activedescendant");
    // That there is none stays below the field until something else is typed.
    if (!this.status.classList.contains("combobox-none")) this.say("");
  }

  move(to) {
    const count = this.options.length;
    this.at = (to + count) % count;
    for (const [number, option] of this.options.entries()) {
      option.setAttribute("aria-selected", String(number === this.at));
    }
    this.input.setAttribute("aria-activedescendant", this.options[this.at].id);
    this.options[this.at].scrollIntoView({ block: "nearest" });
  }

  pressed(event) {
    if (event.isComposing || event.altKey || event.ctrlKey || event.metaKey) return;
    const isOpen = !this.list.hidden;
    if (event.key === "ArrowDown" && !isOpen) {
      if (!isEnough(this.input.value.trim())) return;
      this.ask(this.input.value.trim());
    } else if (!isOpen) return;
    else if (event.key === "ArrowDown") this.move(this.at + 1);
    else if (event.key === "ArrowUp") this.move(this.at < 0 ? -1 : this.at - 1);
    else if (event.key === "Enter" && this.at >= 0) this.choose(this.at);
    else if (event.key === "Escape") this.close();
    else return;
    event.preventDefault();
  }

  choose(number) {
    const each = this.found[number];
    this.input.value = each.name;
    const filled = ["city", "country"].filter((name) => this.complete(name, each[name]));
    this.close();
    this.say(fill(filled.length ? this.input.dataset.textFilled : this.input.dataset.textChosen, each));
    this.input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  // Fills another field if nothing is in it; true if it did.
  complete(name, value) {
    const field = document.getElementById(this.input.dataset[`fills${name[0].toUpperCase()}${name.slice(1)}`]);
    if (!field || !value || field.value) return false;
    field.value = value;
    return field.value === value;
  }
}

const start = (root) => {
  for (const input of root.querySelectorAll("input[data-complete]:not([role])")) new Combobox(input);
};

start(document);
document.addEventListener("htmx:load", (event) => start(event.target));
