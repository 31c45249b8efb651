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

// Live updates. The server says that something changed which the reader may see, and nothing that it says; the link asks
// for the page again. What this asks for by itself is no sign that anybody is there, and says so.
const content = document.getElementById("content");
const parts = [...document.querySelectorAll("[data-live]")];
const form = document.querySelector("[name=csrf]");
if (parts.length && form && content.dataset.new) {
  const status = document.createElement("div");
  status.setAttribute("role", "status");
  content.prepend(status);
  const patient = document.querySelector(".patient-banner .who a");
  let thread = document.querySelector("[data-thread]");
  let pause = 1000;
  let before = false;
  let over = false;

  // What a screen reader says, and then the way there: the focus stays where it is.
  const say = (sentence) => {
    const notice = document.createElement("div");
    const link = document.createElement("a");
    notice.className = "notice";
    link.href = location.pathname + location.search;
    link.textContent = content.dataset.show;
    notice.append(sentence, " ", link);
    status.replaceChildren(notice);
  };

  // A conversation shows what was written since; what is being typed below it stays.
  const showThread = () => {
    const request = new XMLHttpRequest();
    request.open("GET", location.pathname + location.search);
    request.responseType = "document";
    request.setRequestHeader("accept", "text/html");
    request.setRequestHeader("x-unattended", "1");
    request.onload = () => {
      const fresh = request.response && request.response.querySelector("[data-thread]");
      if (!fresh) return say(content.dataset.new);
      thread.replaceWith(document.adoptNode(fresh));
      thread = fresh;
      status.textContent = content.dataset.said;
    };
    request.onerror = () => say(content.dataset.stale);
    request.send();
  };

  const concerns = ({ changed, id, about }) => parts.some(({ dataset }) =>
    dataset.live === changed && (dataset.id ? dataset.id === id : !patient || !about || patient.pathname.endsWith(about)));

  const hear = (told, socket) => {
    if (told.reload) return say(content.dataset.stale);
    if (!concerns(told)) return;
    if (thread && thread.dataset.thread === told.changed && !document.hidden) return showThread();
    say(content.dataset.new);
    // Once is enough: whoever wants to know asks for the page.
    over = !thread;
    if (over) socket.close();
  };

  const later = () => {
    if (over) return;
    setTimeout(open, pause * (1 + Math.random()));
    pause = Math.min(pause * 2, 300000);
  };

  const open = async () => {
    try {
      const headers = { accept: "application/json", "x-csrf-token": form.value, "x-unattended": "1" };
      const answer = await fetch("/api/live/token", { method: "POST", headers });
      if (answer.status === 401 || answer.status === 403) return;
      if (!answer.ok) return later();
      const { token } = await answer.json();
      const socket = new WebSocket(location.origin.replace(/^http/, "ws") + "/api/live?token=" + token);
      socket.onopen = () => {
        pause = 1000;
        if (before) say(content.dataset.stale);
        before = true;
      };
      socket.onmessage = (event) => hear(JSON.parse(event.data), socket);
      // 1008: the session has ended, and the next page says so.
      socket.onclose = (event) => { if (event.code !== 1008) later(); };
    } catch {
      later();
    }
  };
  open();
}
