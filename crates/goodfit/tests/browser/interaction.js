// Points at a line, switches it off and on again, and draws a box to zoom into; keeps what is seen each time.
whenReady((root) => {
  const figure = document.querySelector("figure[data-figure]");
  const chart = charts.get(figure.querySelector(".panels .chart").firstElementChild);
  // A series that was taken out leaves its place empty.
  const isLine = (series) => series && series.type === "line";
  const lines = () => chart.getOption().series.filter(isLine).length;
  const range = () => {
    const { xAxis, yAxis } = chart.getOption();
    return [xAxis[0].min, xAxis[0].max, yAxis[0].min, yAxis[0].max];
  };
  const seen = { lines: [lines()], ranges: [range()] };

  chart.dispatchAction({ type: "showTip", seriesIndex: chart.getOption().series.findIndex(isLine), dataIndex: 100 });
  const tip = document.querySelector(".tip");
  seen.tip = tip ? tip.textContent : null;

  const key = figure.querySelector(".key");
  seen.key = key.textContent;
  key.click();
  seen.lines.push(lines());
  seen.pressed = key.getAttribute("aria-pressed");
  key.click();
  seen.lines.push(lines());

  const surface = chart.getZr();
  const [width, height] = [chart.getWidth(), chart.getHeight()];
  const mouse = (name, x, y) => surface.trigger(name, { offsetX: x * width, offsetY: y * height, event: { button: 0 } });
  mouse("mousedown", 0.3, 0.3);
  mouse("mousemove", 0.5, 0.5);
  mouse("mouseup", 0.6, 0.6);
  seen.ranges.push(range());
  mouse("dblclick", 0.5, 0.5);
  seen.ranges.push(range());
  root.setAttribute("data-seen", JSON.stringify(seen));
});
