// Puts the booking form into a page of the clinic's website. See docs/embedding.md.
//   <script src="https://…/widget.js" data-visit-type="follow-up" data-language="en" async></script>
(() => {
  "use strict";
  const script = document.currentScript;
  const service = new URL(script.src);
  const { visitType, language } = script.dataset;
  const spanish = (language ?? document.documentElement.lang).startsWith("es");
  const PATIENCE = 4000; // milliseconds in which the form has to report

  const address = (framed) => {
    const found = new URL("/book", service.origin);
    if (visitType) found.searchParams.set("visit_type", visitType);
    if (language) found.searchParams.set("language", language);
    if (framed) found.searchParams.set("site", location.origin);
    return found.href;
  };

  const frame = document.createElement("iframe");
  frame.src = address(true);
  frame.title = spanish ? "Reservar una cita" : "Book an appointment";
  frame.width = "100%";
  frame.height = "700";
  frame.setAttribute("frameborder", "0");
  frame.setAttribute("allow", "");
  frame.className = "visits-frame";

  const link = document.createElement("a");
  link.href = address(false);
  link.textContent = frame.title;
  link.className = "visits-link";

  let reported = false;
  const giveUp = setTimeout(() => reported || frame.replaceWith(link), PATIENCE);

  addEventListener("message", (event) => {
    if (event.origin !== service.origin || event.source !== frame.contentWindow) return;
    const said = event.data;
    if (said?.from !== "visits") return;
    reported = true;
    clearTimeout(giveUp);
    if (Number.isFinite(said.height)) frame.height = String(Math.min(Math.max(said.height, 200), 20000));
    // Each page begins at its top, as it would in a window of its own.
    if (said.page && frame.getBoundingClientRect().top < 0) frame.scrollIntoView();
    if (said.booked) {
      frame.dispatchEvent(new CustomEvent("visit-booked", { bubbles: true, detail: {} }));
    }
  });

  script.after(frame);
})();
