// Moves the slider of a report and keeps what the charts of its figure then show, for `tests/report_browser.rs`,
// which puts this between the chart library and the script of the page: the library does not tell its charts.
const charts = new Map();
window.library = echarts;
echarts = {
  ...echarts,
  init: (place, ...rest) => {
    const chart = window.library.init(place, ...rest);
    charts.set(place, chart);
    return chart;
  },
};
const waiting = setInterval(() => {
  const root = document.documentElement;
  if (root.dataset.ready !== "true") return;
  clearInterval(waiting);
  const sliders = [...document.querySelectorAll(".timeline input")];
  root.dataset.sliders = sliders.length;
  const figure = sliders[0].closest("figure");
  const sumOf = (place) => {
    const bars = charts.get(place.firstElementChild).getOption().series[0].data;
    return Math.round(1000 * bars.reduce((sum, bar) => sum + bar[2], 0));
  };
  const state = () =>
    JSON.stringify({
      shown: figure.querySelector(".timeline output").textContent,
      sums: [...figure.querySelectorAll(".panels .chart")].map(sumOf),
      notes: [...figure.querySelectorAll(".panel header small")].map((note) => note.textContent),
    });
  const go = (moment) => {
    sliders[0].value = moment;
    sliders[0].dispatchEvent(new Event("input"));
  };
  root.setAttribute("data-at-start", state());
  go(2);
  root.setAttribute("data-at-third", state());
  go(10);
  root.setAttribute("data-at-eleventh", state());
}, 20);
