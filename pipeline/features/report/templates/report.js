// The page works without this: it adds values under the pointer, sorting, and folds that open.
"use strict";

// A link to a folded section opens it.
function openTarget() {
  const target = document.getElementById(location.hash.slice(1));
  const fold = target && target.closest("details");
  if (fold && !fold.open) {
    fold.open = true;
    target.scrollIntoView();
  }
}
addEventListener("hashchange", openTarget);
openTarget();

// Paper shows everything.
let opened = [];
addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("details:not([open])")];
  for (const fold of opened) fold.open = true;
});
addEventListener("afterprint", () => {
  for (const fold of opened) fold.open = false;
});

// The value under the pointer: the drawing's own title, at once and beside it.
const tip = document.getElementById("tip");
function showTip(event) {
  const group = event.target.closest(".tip");
  if (!group) {
    tip.hidden = true;
    return;
  }
  const title = group.querySelector("title");
  if (title) {
    group.dataset.says = title.textContent;
    title.remove(); // or the browser shows it a second time
  }
  tip.textContent = group.dataset.says;
  tip.hidden = false;
  const box = tip.getBoundingClientRect();
  const left = Math.min(event.clientX + 14, innerWidth - box.width - 8);
  const above = event.clientY - box.height - 12;
  tip.style.left = `${Math.max(8, left)}px`;
  tip.style.top = `${above < 8 ? event.clientY + 18 : above}px`;
}
addEventListener("pointerover", showTip);
addEventListener("scroll", () => { tip.hidden = true; }, { passive: true });

// A heading sorts its table; once more turns the order round.
function valueOf(row, column) {
  const text = row.cells[column].textContent.trim();
  const number = Number.parseFloat(text.replace(/,/g, "").replace("−", "-"));
  return { text, number };
}
function sortTable(table, column, rising) {
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const isNumber = rows.some((row) => !Number.isNaN(valueOf(row, column).number))
    && table.tHead.rows[0].cells[column].classList.contains("number");
  rows.sort((first, second) => {
    const one = valueOf(first, column);
    const other = valueOf(second, column);
    if (!isNumber) return one.text.localeCompare(other.text, "en", { numeric: true });
    if (Number.isNaN(one.number)) return 1;
    if (Number.isNaN(other.number)) return -1;
    return one.number - other.number;
  });
  if (!rising) rows.reverse();
  body.append(...rows);
}
for (const table of document.querySelectorAll("table.sortable")) {
  [...table.tHead.rows[0].cells].forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const rising = heading.getAttribute("aria-sort") !== "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", rising ? "ascending" : "descending");
      sortTable(table, column, rising);
    });
  });
}
