// What the front desk's pages do a little better with scripts.

// `/` leads to the search, from anywhere but a field; whoever does not want single keys turns them off (day page).
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || !keysWanted()) return;
  if (event.target.closest("input, select, textarea")) return;
  event.preventDefault();
  const box = document.getElementById("words");
  if (box) box.focus();
  else document.querySelector("[data-search]")?.click();
});

export function keysWanted() {
  return localStorage.getItem("staff-keys") !== "off";
}
