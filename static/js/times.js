// Keeps "3 minutes ago" true while a page stays open. Full instants stay in the zone that forms ask for too.

const UNITS = [
  ["year", 31536000],
  ["month", 2592000],
  ["week", 604800],
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];
const JUST_NOW = 45; // Nearer than this the server's words stay.
const EVERY = 30000;
const language = document.documentElement.lang || "en";
const relative = new Intl.RelativeTimeFormat(language);

function ago(instant) {
  const seconds = Math.round((instant - Date.now()) / 1000);
  const [unit, length] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? UNITS.at(-1);
  return relative.format(Math.round(seconds / length), unit);
}

function write() {
  for (const time of document.querySelectorAll("time[data-relative]")) {
    const instant = new Date(time.dateTime);
    if (Math.abs(instant - Date.now()) >= JUST_NOW * 1000) time.textContent = ago(instant);
  }
}

document.addEventListener("htmx:after:swap", write);
setInterval(write, EVERY);
write();
