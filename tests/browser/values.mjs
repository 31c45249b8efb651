// Values of a task file as a person types them, in the zone of the app.

const DAYS = { today: 0, yesterday: -1, tomorrow: 1 };

/// The calendar date there and now, moved by days: `2026-03-02`.
export function day(offset, zone) {
  const parts = new Intl.DateTimeFormat("en-CA", { timeZone: zone, dateStyle: "short" });
  const there = new Date(`${parts.format(new Date())}T12:00:00Z`);
  there.setUTCDate(there.getUTCDate() + offset);
  return there.toISOString().slice(0, 10);
}

/// Days, months, years and times of a date or a moment; nothing for any other text.
export function parts(value, zone) {
  const match = /^(\d{4}-\d{2}-\d{2}|today|yesterday|tomorrow)(?:[ T](\d{2}:\d{2}))?$/.exec(String(value));
  if (!match) return undefined;
  const date = match[1] in DAYS ? day(DAYS[match[1]], zone) : match[1];
  const [year, month, dayOfMonth] = date.split("-");
  return { day: String(Number(dayOfMonth)), month: String(Number(month)), year, time: match[2] };
}

/// `4 days ago` in days.
export function age(made) {
  const match = /^(\d+) days? ago$/.exec(made ?? "");
  return match ? Number(match[1]) : 0;
}

/// Whether a text stands in another; digits only as a whole number.
export function stands(text, page) {
  const wanted = String(text).replace(/\s+/g, " ").trim();
  const escaped = wanted.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const edge = /^\d+$/.test(wanted) ? `(?<![\\d.,])${escaped}(?![\\d])` : escaped;
  return new RegExp(edge, "iu").test(page.replace(/\s+/g, " "));
}
