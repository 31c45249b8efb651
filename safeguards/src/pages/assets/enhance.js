// Enhancement only: every page works without this file.
"use strict";

// What a screen reader should hear first after a mistake.
const summary = document.querySelector(".error-summary");
if (summary) summary.focus();

// A link from the summary leads to the input itself, not only near it.
for (const link of document.querySelectorAll(".error-summary a")) {
  link.addEventListener("click", (event) => {
    const input = document.getElementById(link.hash.slice(1));
    if (!input) return;
    event.preventDefault();
    input.scrollIntoView({ block: "center" });
    input.focus();
  });
}

// Menus close by Escape and by a click elsewhere.
const menus = document.querySelectorAll(".top details");
document.addEventListener("click", (event) => {
  for (const menu of menus) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of menus) {
    if (!menu.open) continue;
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// A field that depends on another answer is hidden until that answer is given. The server ignores
// what does not apply, so that nothing has to be cleared here.
for (const form of document.querySelectorAll("form.form")) {
  const dependents = form.querySelectorAll("[data-when]");
  const settle = () => {
    const data = new FormData(form);
    for (const field of dependents) field.hidden = !data.getAll(field.dataset.when).includes(field.dataset.is);
  };
  if (dependents.length) {
    settle();
    form.addEventListener("change", settle);
  }

  // Typed answers are not lost by a slip, and one press sends once.
  let touched = false;
  let sent = false;
  form.addEventListener("input", () => { touched = true; });
  form.addEventListener("submit", (event) => {
    if (sent) event.preventDefault();
    sent = true;
    form.setAttribute("aria-busy", "true");
  });
  window.addEventListener("pageshow", () => {
    sent = false;
    form.removeAttribute("aria-busy");
  });
  window.addEventListener("beforeunload", (event) => {
    if (touched && !sent && !form.querySelector("[type=password]")) event.preventDefault();
  });
}

// Showing a password beats typing it three times.
for (const input of document.querySelectorAll("input[data-show]")) {
  const label = document.createElement("label");
  const box = document.createElement("input");
  label.className = "show-password";
  box.type = "checkbox";
  box.addEventListener("change", () => { input.type = box.checked ? "text" : "password"; });
  input.form.addEventListener("submit", () => { input.type = "password"; });
  label.append(box, input.dataset.show);
  input.closest(".line").after(label);
}

// Buttons that need a script appear only with it.
for (const buttons of document.querySelectorAll(".scripted")) buttons.hidden = false;
for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    const lines = [...document.getElementById(button.dataset.copy).children].map((line) => line.textContent.trim());
    await navigator.clipboard.writeText(lines.join("\n"));
    button.textContent = button.dataset.copied;
  });
}
for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => window.print());
