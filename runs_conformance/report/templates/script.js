"use strict";
// Comfort only: the page works without it.
document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-copy]");
  if (!button) return;
  const text = button.parentElement.querySelector("pre").textContent;
  navigator.clipboard.writeText(text).then(() => { button.textContent = "copied"; }, () => {
    const range = document.createRange();
    range.selectNodeContents(button.parentElement.querySelector("pre"));
    getSelection().removeAllRanges(); getSelection().addRange(range);
    button.textContent = "selected: copy it";
  });
});
function reveal() {
  const row = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (row && row.matches("details.req")) { row.open = true; row.querySelector("summary").focus({ preventScroll: true }); }
}
addEventListener("hashchange", reveal);
reveal();
for (const button of document.querySelectorAll("button[hidden]")) button.hidden = false;
