// The booking form with scripts: the end of a hold is told in time, and a frame around it learns its height.

const held = document.querySelector("[data-held]");
if (held) {
  const end = performance.now() + Number(held.dataset.held) * 1000;
  const soon = held.querySelector("[data-soon]");
  const over = held.querySelector("[data-over]");
  const tell = () => {
    const left = end - performance.now();
    if (soon) soon.hidden = left > 120_000 || left <= 0;
    over.hidden = left > 0;
    if (left > 0) setTimeout(tell, Math.min(left, left > 120_000 ? left - 120_000 : left) + 50);
  };
  tell();
  // A laptop that slept: timers stood still, the hold did not.
  document.addEventListener("visibilitychange", tell);
}

// Only the website that the service knows is told, by its exact origin: height, and that a visit was booked.
const site = document.querySelector("meta[name=framed-by]")?.content;
if (site && parent !== window) {
  const tell = (message) => parent.postMessage({ from: "visits", ...message }, site);
  const height = () => tell({ height: Math.ceil(document.documentElement.getBoundingClientRect().height) });
  document.documentElement.classList.add("framed");
  new ResizeObserver(height).observe(document.documentElement);
  height();
  tell({ page: true });
  if (document.querySelector("[data-booked]")) tell({ booked: true });
}
