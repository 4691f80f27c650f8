// Keeps the charts of a report, for the scripts beside this one; between the chart library, which does not tell its
// charts, and the script of the page. `tests/report_browser.rs` puts them there.
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
const whenReady = (then) => {
  const waiting = setInterval(() => {
    if (document.documentElement.dataset.ready !== "true") return;
    clearInterval(waiting);
    then(document.documentElement);
  }, 20);
};
