// The day: arrows between visits, one key for what is done most, and a line that shows now.
import { keysWanted } from "./staff.js";

const plan = document.querySelector("[data-plan]");

// By the server's clock: only the time that has passed since the page was made is measured here.
const loaded = performance.now();
const rowsAtLoad = Number([...(plan?.querySelector("[data-now]")?.classList ?? [])].find((each) => each.startsWith("at-"))?.slice(3));

if (plan) begin(plan);

function begin(plan) {
  const box = document.querySelector("[data-keys]");
  if (box) {
    box.checked = keysWanted();
    box.addEventListener("change", () => localStorage.setItem("staff-keys", box.checked ? "on" : "off"));
  }
  document.addEventListener("keydown", (event) => onKey(event, plan));
  moveNow(plan);
  setInterval(() => moveNow(plan), 30_000);
}

function onKey(event, plan) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
  const visit = document.activeElement?.closest("[data-visit]");
  if (event.key.startsWith("Arrow") && visit && plan.contains(visit)) {
    event.preventDefault();
    go(plan, visit, event.key)?.focus();
  } else if (keysWanted() && event.key === "n") {
    toNow(plan);
  } else if (keysWanted() && visit) {
    act(visit, event.key);
  }
}

// Up and down within a practitioner's day; left and right to the one nearest in time next door.
function go(plan, visit, key) {
  const columns = [...plan.querySelectorAll(".col")].map((each) => [...each.querySelectorAll("[data-visit]")]);
  const x = columns.findIndex((each) => each.includes(visit));
  const y = columns[x].indexOf(visit);
  if (key === "ArrowDown") return columns[x][y + 1];
  if (key === "ArrowUp") return columns[x][y - 1];
  const step = key === "ArrowRight" ? 1 : -1;
  for (let at = x + step; columns[at]; at += step) {
    if (columns[at].length) return nearest(columns[at], Date.parse(visit.dataset.at));
  }
}

function nearest(visits, at) {
  const away = (each) => Math.abs(Date.parse(each.dataset.at) - at);
  return visits.reduce((best, each) => (away(each) < away(best) ? each : best));
}

function toNow(plan) {
  const line = plan.querySelector(".col [data-now]");
  (line ?? plan).scrollIntoView({ block: "center" });
  const visits = [...plan.querySelectorAll("[data-visit]")];
  if (visits.length) nearest(visits, Date.now()).focus({ preventScroll: true });
}

const ACTS = { a: "arrive", c: "check-in", x: "no-show" };

function act(visit, key) {
  if (key === "m") location.href = visit.dataset.move;
  if (!ACTS[key] || !visit.dataset.acts.split(" ").includes(ACTS[key])) return;
  const form = document.getElementById("tap");
  form.action = visit.dataset.act.replace(/\/arrive(?=\?|$)/, `/${ACTS[key]}`);
  form.elements.version.value = visit.dataset.version;
  form.requestSubmit();
}

function moveNow(plan) {
  if (!rowsAtLoad) return;
  const row = rowsAtLoad + Math.floor((performance.now() - loaded) / 300_000);
  for (const line of plan.querySelectorAll("[data-now]")) {
    line.className = `now at-${Math.min(row, Number(plan.dataset.rows))}`;
  }
}
