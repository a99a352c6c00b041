// Of the page around the form: it hears that a visit was booked, and nothing about anybody.
document.addEventListener("visit-booked", () => {
  document.getElementById("thanks").hidden = false;
});
