// Histograms at several times: a slider steps through them, in all panels of a figure at once.

const oneLine = (note) => note.replaceAll("\n", ", ");
const momentsOf = (panel) => panel.series.flatMap((item) => (item.shape.histogram && item.shape.histogram.moments) || []);

// An arm that ended before the others stays at its last moment.
const momentAt = (view, moments) => (view.moment === null || !moments.length ? null : moments[Math.min(view.moment, moments.length - 1)]);

function heightsAt(view, histogram) {
  const moment = momentAt(view, histogram.moments || []);
  return moment ? moment.heights : histogram.heights;
}

// The slider of a figure, or null where it has no moments.
function timelineOf(view) {
  const longest = view.figure.panels.map(momentsOf).reduce((a, b) => (b.length > a.length ? b : a), []);
  if (longest.length < 2) return null;
  const last = longest.length - 1;
  const shown = element("output");
  const slider = element("input", { type: "range", min: 0, max: last, step: 1, value: last, "aria-label": "time" });
  const play = element("button", { type: "button", "aria-pressed": "false" }, "play");
  let timer = null;
  const go = (moment) => {
    view.moment = moment;
    slider.value = moment;
    shown.textContent = longest[moment].name;
    slider.setAttribute("aria-valuetext", longest[moment].name);
    view.notes.forEach(({ note, panel }) => {
      const own = momentAt(view, momentsOf(panel));
      if (own) note.textContent = (own.name === longest[moment].name ? "" : `${own.name}: `) + oneLine(own.note);
    });
    view.redraw();
  };
  const pause = () => {
    clearInterval(timer);
    timer = null;
    play.textContent = "play";
    play.setAttribute("aria-pressed", "false");
  };
  slider.addEventListener("input", () => {
    pause();
    go(Number(slider.value));
  });
  play.addEventListener("click", () => {
    if (timer) {
      pause();
      return;
    }
    play.textContent = "pause";
    play.setAttribute("aria-pressed", "true");
    if (view.moment === last) go(0);
    timer = setInterval(() => (view.moment < last ? go(view.moment + 1) : pause()), Math.max(60, Math.min(500, 6000 / longest.length)));
  });
  go(last);
  return element("div", { class: "timeline" }, play, slider, shown);
}
