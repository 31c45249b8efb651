// Enhancement only: without this file the page of a build asks for itself every few seconds.
"use strict";

const build = document.querySelector("[data-events]");
if (build) {
  const bar = build.querySelector("progress");
  const phase = build.querySelector(".phase");
  const count = build.querySelector(".count");
  const lines = build.querySelector(".lines-said");
  let last = Number(build.dataset.last);
  const say = (text, kind) => {
    const line = document.createElement("li");
    line.textContent = text;
    if (kind) line.className = kind;
    lines.append(line);
    lines.hidden = false;
  };
  const told = {
    phase: (event) => { phase.textContent = event.name; },
    progress: (event) => {
      bar.max = event.total;
      bar.value = event.done;
      count.textContent = `${event.done} of ${event.total}: ${event.now}`;
    },
    diagnostic: (event) => {
      const where = event.file ? `${event.file}${event.line ? `:${event.line}` : ""}: ` : "";
      say(where + event.message, event.level);
    },
    // The page knows best how an end looks.
    serving: () => location.reload(),
    failed: () => location.reload(),
  };
  // The browser reconnects by itself and names the last event that it saw.
  const source = new EventSource(`${build.dataset.events}?after=${last}`);
  for (const kind of Object.keys(told)) {
    source.addEventListener(kind, (message) => {
      if (Number(message.lastEventId) <= last) return;
      last = Number(message.lastEventId);
      told[kind](JSON.parse(message.data));
    });
  }
  source.addEventListener("over", () => { source.close(); location.reload(); });
}

