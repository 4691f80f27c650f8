// Moves the slider of a report and keeps what the charts of its figure then show.
whenReady((root) => {
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
});
