// Tables sort by a click on their heads.
document.querySelectorAll("table.sortable").forEach((table) => {
  table.querySelectorAll("thead th").forEach((head, column) => {
    if (!head.textContent) return;
    head.tabIndex = 0;
    const sort = () => {
      const ascending = head.getAttribute("aria-sort") !== "ascending";
      table.querySelectorAll("thead th").forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
      const value = (line) => {
        const cell = line.cells[column];
        const text = cell.dataset.key ?? cell.textContent;
        return text === "" || Number.isNaN(Number(text)) ? text : Number(text);
      };
      const order = (a, b) => {
        if (a === "" || b === "") return (a === "") - (b === "");
        const way = typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true });
        return ascending ? way : -way;
      };
      const lines = [...table.tBodies[0].rows].sort((a, b) => order(value(a), value(b)));
      table.tBodies[0].append(...lines);
    };
    head.addEventListener("click", sort);
    head.addEventListener("keydown", (event) => event.key === "Enter" && sort());
  });
});

document.querySelectorAll(".code").forEach((block) => {
  const button = element("button", { type: "button" }, "copy");
  button.addEventListener("click", () => {
    const text = block.querySelector("code").textContent;
    const done = () => {
      button.textContent = "copied";
      setTimeout(() => (button.textContent = "copy"), 1500);
    };
    if (navigator.clipboard && window.isSecureContext) navigator.clipboard.writeText(text).then(done);
    else {
      const area = element("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      if (document.execCommand("copy")) done();
      area.remove();
    }
  });
  block.append(button);
});

// Charts are drawn a few at a time, those in sight first; very many only when they come into sight.
const waiting = [];
const eager = 80;
const sizes = new ResizeObserver((entries) => {
  for (const { target } of entries) views.flatMap((view) => view.charts).find(({ chart }) => chart.getDom() === target)?.chart.resize();
});
document.querySelectorAll("figure[data-figure]").forEach((holder) => {
  build(holder, figures[Number(holder.dataset.figure)]);
});
const drawOne = (item) => {
  if (!item.drawn) {
    item.drawn = true;
    item.draw();
    root.dataset.charts = String(Number(root.dataset.charts || 0) + 1);
  }
};
const seen = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (entry.isIntersecting) drawOne(waiting.find((item) => item.place === entry.target));
  }
}, { rootMargin: "400px" });
waiting.forEach((item) => seen.observe(item.place));
root.dataset.charts = "0";
root.dataset.expected = String(Math.min(waiting.length, eager));
(function next(i) {
  const stop = Math.min(i + 4, waiting.length, eager);
  for (; i < stop; i++) drawOne(waiting[i]);
  if (i < Math.min(waiting.length, eager)) setTimeout(next, 0, i);
  else {
    root.dataset.ready = "true";
    root.dataset.milliseconds = String(Math.round(performance.now()));
  }
})(0);
themeChanged();
