// Points that are rows of the table of trials, boxes, and axes of names.

// Columns as arrays; what stands for a choice is spread sideways, as in the still pictures.
function columnOf(table, index) {
  table.made ||= [];
  if (!table.made[index]) {
    const spread = index > 0 && table.axes[index].names ? (row) => 0.6 * ((((table.columns[0][row] + 1) * 0.618033988749895 * (1 + index)) % 1) - 0.5) : () => 0;
    table.made[index] = Float64Array.from(table.columns[index], (value, row) => (value === null ? NaN : value + spread(row)));
  }
  return table.made[index];
}

// Ranks of the trials of a group.
function rowsOf(table, group) {
  table.rows ||= {};
  return (table.rows[group] ||= [...table.groups].flatMap((letter, row) => (letter === group ? [row] : [])));
}
const drawnRows = (table, cloud) => (cloud.every > 1 ? rowsOf(table, cloud.group).filter((_, i) => i % cloud.every === 0) : rowsOf(table, cloud.group));

// Places of the points of a cloud, x and y in turn.
function placesOf(table, cloud) {
  const [x, y] = cloud.columns.map((index) => columnOf(table, index));
  const rows = drawnRows(table, cloud);
  const out = new Float64Array(2 * rows.length);
  rows.forEach((row, i) => {
    out[2 * i] = x[row];
    out[2 * i + 1] = Number.isNaN(y[row]) && cloud.foot !== undefined ? cloud.foot : y[row];
  });
  return out;
}

const symbols = { cross: "path://M0 0L10 10M10 0L0 10" };
function cloudSeries(view, item, ink, faint) {
  const cloud = item.shape.cloud;
  const key = view.figure.legend[item.key];
  const size = item.shape.cloud.group === "b" ? 11 : view.table.groups.length > 2000 ? 4 : view.table.groups.length > 200 ? 6 : 8;
  const isCross = key.marker === "cross";
  const ground = shapeOf(view.figure, "surface");
  cloud.places ||= placesOf(view.table, cloud);
  return {
    type: "scatter", dimensions: ["x", "y"], data: cloud.places, symbol: symbols[key.marker] || key.marker,
    z: cloud.group === "b" ? 5 : cloud.group === "c" ? 3 : 2, symbolSize: ground && cloud.group !== "b" ? 5 : size, large: true, largeThreshold: 1500,
    itemStyle: {
      color: isCross ? "transparent" : ink, borderColor: isCross ? ink : css("--page"), borderWidth: isCross ? 1.6 : ground ? 1 : 0,
      shadowColor: css("--page"), shadowBlur: isCross && ground ? 4 : 0, opacity: faint * (cloud.group === "b" || ground ? 1 : view.table.groups.length > 2000 ? 0.5 : 0.75),
    },
  };
}

// A trial with all that it set.
function trialTip(view, cloud, index, out, row) {
  const { table } = view;
  trialRows(table, drawnRows(table, cloud)[index], out, row);
}

const states = { b: "", c: "", p: ", pruned", f: ", failed" };
function trialRows(table, rank, out, row) {
  const reason = table.reasons.find(([, ranks]) => ranks.includes(rank));
  out.append(element("b", {}, `trial ${table.columns[0][rank]}${states[table.groups[rank]]}${reason ? `: ${reason[0]}` : ""}`));
  const last = table.axes.length - 1;
  const value = table.columns[last][rank];
  if (value !== null) row(table.axes[last].label, number(value));
  const most = 16;
  for (let i = 1; i < Math.min(last, most); i++) {
    const set = table.columns[i][rank];
    if (set !== null) row(table.axes[i].label, table.axes[i].names ? table.axes[i].names[set] : number(set));
  }
}

function boxSeries(boxes, ink, faint) {
  return {
    type: "custom", z: boxes.opacity < 0.3 ? 1 : 2, data: boxes.x.map(([left, right], i) => [left, right, ...boxes.y[i]]), encode: { x: [0, 1], y: [2, 3] },
    tooltip: { show: boxes.opacity >= 0.3 || Boolean(boxes.texts) }, silent: boxes.opacity < 0.3 && !boxes.texts,
    renderItem: (item, api) => {
      const [left, bottom] = api.coord([api.value(0), api.value(2)]);
      const [right, top] = api.coord([api.value(1), api.value(3)]);
      const width = Math.max(right - left, 1.5);
      const style = { fill: ink, opacity: boxes.opacity * faint };
      const rect = { type: "rect", shape: { x: (left + right - width) / 2, y: top, width, height: bottom - top }, style };
      if (!boxes.texts) return rect;
      const fill = boxes.opacity > 0.5 ? "#fff" : css("--text");
      const written = { text: boxes.texts[item.dataIndex], x: (left + right) / 2, y: (top + bottom) / 2, align: "center", verticalAlign: "middle", fill, fontSize: 13 };
      return { type: "group", children: [rect, { type: "text", style: written }] };
    },
  };
}

// An axis on which names stand at 0, 1, 2, ..
function namedAxis(source, which, small) {
  const customValues = source.names.map((_, i) => i);
  const width = which === "y" ? (small ? 52 : 128) : undefined;
  return {
    type: "value", min: source.range[0], max: source.range[1], name: small ? "" : axisText(source), nameLocation: "middle", nameGap: 28,
    nameTextStyle: { color: css("--text"), fontSize: 13 }, splitLine: { show: false },
    axisLine: { show: true, onZero: false, lineStyle: { color: css("--frame") } }, axisTick: { show: true, customValues, lineStyle: { color: css("--frame") } },
    axisLabel: {
      color: css("--quiet"), fontSize: small ? 10.5 : 12, hideOverlap: true, customValues, width, overflow: "truncate",
      formatter: (value) => source.names[Math.round(value)] || "",
    },
  };
}

const shapeOf = (figure, kind) => figure.panels.flatMap((panel) => panel.series).map((item) => item.shape[kind]).find(Boolean);
