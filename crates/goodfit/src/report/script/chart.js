// One panel as an option of ECharts.
function option(view, panel, large) {
  const { figure, hidden, zoom, logarithmic } = view;
  if (panel.series.some((item) => item.shape.strands)) return parallelOption(view, panel);
  const small = figure.columns > 2 && !large;
  const quiet = css("--quiet");
  const axis = (which) => {
    const source = panel[which];
    const log = source.scale === "log" || (which === "y" && logarithmic);
    let [min, max] = source.range;
    if (log && source.scale !== "log") [min, max] = positiveRange(panel, source.range);
    if (zoom && zoom[which] && zoom[which].axis === axisText(source)) [min, max] = zoom[which].range;
    if (source.names) return namedAxis(source, which, small);
    const customValues = ticks(min, max, log, small ? 4 : which === "x" ? 8 : 6);
    const decades = log && customValues.every((value) => Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-9);
    return {
      type: log ? "log" : "value", min, max, name: small ? "" : axisText(source), nameLocation: "middle",
      nameGap: which === "x" ? 28 : 44, nameTextStyle: { color: css("--text"), fontSize: 13 },
      splitLine: { lineStyle: { color: css("--grid") } },
      axisLine: { show: true, onZero: false, lineStyle: { color: css("--frame") } }, axisTick: { show: true, customValues, lineStyle: { color: css("--frame") } },
      axisLabel: {
        color: quiet, fontSize: small ? 10.5 : 12, hideOverlap: true, customValues,
        formatter: (value) => (decades ? power(Math.round(Math.log10(value))) : number(value, 3)),
      },
    };
  };
  const series = [];
  panel.series.forEach((item, i) => {
    if (!hidden.has(item.key)) series.push(...drawn(view, panel, i, small));
  });
  const kinds = new Set(panel.series.map((item) => Object.keys(item.shape)[0]));
  return {
    animation: false, backgroundColor: "transparent", textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
    aria: { enabled: true, label: { description: `${view.figure.title}. ${panel.title}` } },
    grid: { left: panel.y.names ? (small ? 62 : 138) : small ? 36 : 62, right: small ? 8 : 14, top: 8, bottom: small ? 22 : 44 },
    xAxis: axis("x"), yAxis: axis("y"), series,
    tooltip: {
      trigger: kinds.has("line") && kinds.size === 1 ? "axis" : "item", confine: large, appendTo: large ? undefined : document.body,
      backgroundColor: css("--page"), borderColor: css("--line"), padding: [8, 12], transitionDuration: 0,
      textStyle: { color: css("--text"), fontSize: 12.5 }, axisPointer: { lineStyle: { color: css("--frame") } },
      formatter: (parameters) => tip(view, panel, parameters),
    },
  };
}

function positiveRange(panel, range) {
  const values = panel.series.flatMap((item) => (item.shape.line ? item.shape.line.y : [])).filter((y) => y > 0);
  const low = values.reduce((a, b) => Math.min(a, b), range[1]);
  return [low / 1.2, range[1]];
}

// The series of ECharts for one of ours; their name is its place in the panel.
function drawn(view, panel, place, small) {
  const item = panel.series[place];
  const key = view.figure.legend[item.key];
  const ink = colour(key);
  const common = { id: String(place), name: String(place), clip: true };
  const { line, points, histogram } = item.shape;
  const crowded = view.figure.legend.length > 8;
  const width = (small || crowded ? 1.5 : 2) * (line && line.thin ? 0.6 : 1);
  const faint = view.focus === null || view.focus === item.key ? 1 : 0.12;
  const out = [];
  if (item.shape.cloud) return [{ ...common, ...cloudSeries(view, item, ink, faint) }];
  if (item.shape.boxes) return [{ ...common, ...boxSeries(item.shape.boxes, ink, faint) }];
  if (item.shape.surface) return [{ ...common, ...surfaceSeries(view, panel, item.shape.surface) }];
  if (line) {
    if (line.band) {
      out.push({
        ...common, id: `${common.id}-band`, type: "custom", silent: true, z: 1, data: [[0, 0]],
        renderItem: (_, api) => polygon(api, line, ink, 0.18 * faint),
      });
    }
    // ECharts leaves out points that lie close together, which would tilt the low steps of a staircase.
    if (line.x.length > 3 && line.x.every((x, i) => i === 0 || x === line.x[i - 1] || line.y[i] === line.y[i - 1])) {
      out.push({
        ...common, type: "custom", silent: true, z: 4, data: [[line.x[0], line.y[0]]],
        renderItem: (_, api) => ({ type: "polyline", shape: { points: line.x.map((x, i) => api.coord([x, line.y[i]])) }, style: { stroke: ink, fill: "none", lineWidth: width, opacity: faint } }),
      });
      return out;
    }
    const single = line.x.length === 1;
    out.push({
      ...common, type: "line", z: 2, showSymbol: single, symbolSize: 6, data: line.x.map((x, i) => [x, near(panel, line.y[i])]),
      lineStyle: { color: ink, width, opacity: faint, type: key.dash.length ? key.dash : "solid" }, itemStyle: { color: ink },
      emphasis: { lineStyle: { width } },
    });
    if (line.cross) {
      out.push({
        ...common, id: `${common.id}-cross`, type: "scatter", silent: true, z: 3, clip: false, data: [inside(view, panel, line.cross)], symbolSize: 9,
        symbol: "path://M0 0L10 10M10 0L0 10", itemStyle: { color: "transparent", borderColor: ink, borderWidth: 2 },
      });
    }
  } else if (points) {
    const size = points.x.length > 2000 ? 3 : points.x.length > 200 ? 5 : 8;
    out.push({
      ...common, type: "scatter", z: key.marker === "diamond" ? 4 : 2, symbolSize: key.marker === "diamond" ? size + 4 : size,
      symbol: key.marker === "cross" ? "path://M0 0L10 10M10 0L0 10" : key.marker,
      data: points.x.map((x, i) => [x, points.y[i], i]), itemStyle: {
        color: key.marker === "cross" ? "transparent" : ink, borderColor: ink, borderWidth: key.marker === "cross" ? 1.6 : 0,
        opacity: faint * (points.x.length > 2000 ? 0.35 : 0.75),
      },
    });
  } else if (histogram) {
    out.push({
      ...common, type: "custom", z: 2, data: heightsAt(view, histogram).map((height, i) => [histogram.edges[i], histogram.edges[i + 1], height]),
      encode: { x: [0, 1], y: 2 }, itemStyle: { color: ink }, emphasis: { itemStyle: { opacity: 0.7 } },
      renderItem: (_, api) => {
        const [left, top] = api.coord([api.value(0), api.value(2)]);
        const [right, bottom] = api.coord([api.value(1), 0]);
        const gap = Math.min(0.7, 0.08 * (right - left));
        const shape = { x: left + gap, y: top, width: Math.max(right - left - 2 * gap, 0.5), height: bottom - top };
        return { type: "rect", shape, style: { fill: ink }, emphasis: { style: { fill: ink, opacity: 0.7 } } };
      },
    });
  }
  return out;
}

// Far outside is far enough; huge coordinates overflow in the canvas.
function near(panel, y) {
  const [low, high] = panel.y.range;
  return panel.y.scale === "log" || y === null ? y : Math.min(y, high + 99 * (high - low));
}

// A cross beyond the range lies at its edge.
function inside(view, panel, [x, y]) {
  const top = panel.y.range[1];
  return [x, y === null || (y > top && !view.zoom) ? top : y];
}

// The band of a line; where a value is missing the band has a gap.
function polygon(api, line, ink, opacity) {
  const children = [];
  let upper = [];
  let lower = [];
  const close = () => {
    if (upper.length > 1) {
      children.push({ type: "polygon", shape: { points: upper.concat(lower.reverse()) }, style: { fill: ink, opacity } });
    }
    upper = [];
    lower = [];
  };
  line.x.forEach((x, i) => {
    const [low, high] = [line.band.low[i], line.band.high[i]];
    const [a, b] = [api.coord([x, low]), api.coord([x, high])];
    if (low === null || high === null || !Number.isFinite(a[1] + b[1])) close();
    else {
      upper.push(b);
      lower.push(a);
    }
  });
  close();
  return { type: "group", children };
}

// What is shown at the pointer.
function tip(view, panel, parameters) {
  const list = Array.isArray(parameters) ? parameters : [parameters];
  const out = element("div", { class: "tip" });
  const row = (key, text, value, extra) => {
    const square = element("i");
    square.style.background = colour(view.figure.legend[key]);
    const parts = [square, element("span", {}, text), element("b", {}, value)];
    if (extra) parts.push(element("em", {}, extra));
    out.append(element("div", {}, ...parts));
  };
  const of = (parameter) => panel.series[Number(parameter.seriesName)];
  const lines = list.filter((parameter) => parameter.seriesType === "line");
  if (lines.length) {
    out.append(element("b", {}, `${panel.x.label} ${number(lines[0].value[0], 6)}`));
    const most = 14;
    lines.slice(0, most).forEach((parameter) => {
      const item = of(parameter);
      const band = item.shape.line.band;
      const i = parameter.dataIndex;
      const extra = band && band.low[i] !== null ? `${number(band.low[i])} to ${number(band.high[i])}` : "";
      row(item.key, [view.figure.legend[item.key].label, item.note].filter(Boolean).join(", "), number(item.shape.line.y[i]), extra);
    });
    if (lines.length > most) out.append(element("em", {}, `and ${lines.length - most} more; switch some off to see them`));
    return out;
  }
  const parameter = list[0];
  const item = of(parameter);
  const key = item.key;
  if (item.shape.cloud) trialTip(view, item.shape.cloud, parameter.dataIndex, out, (name, value) => row(key, name, value));
  else if (item.shape.boxes) out.append(element("b", {}, item.shape.boxes.labels[parameter.dataIndex] || ""));
  else if (parameter.seriesType === "scatter") {
    if (!item.shape.points) return out;
    const { x, y, labels } = item.shape.points;
    const i = parameter.value[2];
    out.append(element("b", {}, labels[i] || ""));
    row(key, panel.x.label, number(x[i]));
    if (y[i] !== null) row(key, panel.y.label, number(y[i]));
  } else {
    const [low, high, height] = parameter.value;
    out.append(element("b", {}, `${number(low)} to ${number(high)}`));
    row(key, panel.y.label, number(height));
  }
  return out;
}
