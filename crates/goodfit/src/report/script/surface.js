// The value over a pair of fields that the reader chooses, interpolated as `surface.rs` does it for the still picture.

const cellsOf = (axis, most) => (axis.names ? axis.names.length : most);
const place = (axis, value) =>
  axis.scale === "log" ? Math.log(value / axis.range[0]) / Math.log(axis.range[1] / axis.range[0]) : (value - axis.range[0]) / (axis.range[1] - axis.range[0]);

// Means of the complete trials weighted by a Gaussian of their distance, a cell each.
function interpolated(table, columns) {
  const axes = columns.map((index) => table.axes[index]);
  const log = table.axes[table.axes.length - 1].scale === "log";
  const value = table.columns[table.columns.length - 1].map((x) => (log && x !== null ? Math.log(x) : x));
  let rows = [...rowsOf(table, "b"), ...rowsOf(table, "c")].filter((row) => columns.every((index) => table.columns[index][row] !== null));
  rows.sort((a, b) => table.columns[0][a] - table.columns[0][b]);
  const every = Math.max(1, Math.ceil(rows.length / 2000));
  rows = rows.filter((_, i) => i % every === 0);
  const h = Math.max(0.05, 0.29 * Math.max(1, rows.length) ** (-1 / 6));
  const size = [cellsOf(axes[0], 160), cellsOf(axes[1], 96)];
  const weights = axes.map((axis, i) => Array.from({ length: size[i] }, (_, cell) => Float64Array.from(rows, (row) => {
    const d = (cell + 0.5) / size[i] - place(axis, table.columns[columns[i]][row]);
    return axis.names ? Number(Math.abs(d) < 0.5 / size[i]) : Math.exp((-d * d) / (2 * h * h));
  })));
  const cells = new Float64Array(size[0] * size[1]);
  weights[1].forEach((wy, j) => weights[0].forEach((wx, i) => {
    let sum = 0;
    let total = 0;
    for (let k = 0; k < rows.length; k++) {
      const w = wx[k] * wy[k];
      total += w;
      sum += w * value[rows[k]];
    }
    cells[j * size[0] + i] = total < 0.05 ? NaN : log ? Math.exp(sum / total) : sum / total;
  }));
  return { cells, size };
}

const channels = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
function shade(scale, at) {
  const colours = scale.colours.map((pair) => (isDark() ? pair.dark : pair.light));
  const far = Math.min(Math.max(Number.isNaN(at) ? 1 : at, 0), 1) * (colours.length - 1);
  const [a, b] = [colours[Math.floor(far)], colours[Math.ceil(far)]].map(channels);
  return a.map((from, c) => Math.round(from + (far % 1) * (b[c] - from)));
}
const placeOn = (scale, value) => place({ scale: scale.scale, range: scale.ends }, value);

// The cells as a small picture that is stretched over the panel; cells of choices keep their edges.
function picture(surface) {
  const { cells, size } = surface.made;
  const [wide, high] = size.map((n) => (n < 40 ? 24 : 1));
  const canvas = element("canvas", { width: size[0] * wide, height: size[1] * high });
  const context = canvas.getContext("2d");
  cells.forEach((value, at) => {
    if (Number.isNaN(value)) return;
    const [r, g, b] = shade(surface.scale, placeOn(surface.scale, value));
    context.fillStyle = `rgb(${r} ${g} ${b})`;
    context.fillRect((at % size[0]) * wide, (size[1] - 1 - Math.floor(at / size[0])) * high, wide, high);
  });
  return canvas;
}

function surfaceSeries(view, panel, surface) {
  const cloud = panel.series.map((item) => item.shape.cloud).find(Boolean);
  surface.made ||= interpolated(view.table, cloud.columns);
  const image = picture(surface);
  return {
    type: "custom", z: 1, silent: true, data: [[panel.x.range[0], panel.y.range[0]]],
    renderItem: (_, api) => {
      const [left, bottom] = api.coord([panel.x.range[0], panel.y.range[0]]);
      const [right, top] = api.coord([panel.x.range[1], panel.y.range[1]]);
      return { type: "image", style: { image, x: left, y: top, width: right - left, height: bottom - top, opacity: 0.92 } };
    },
  };
}

// Two lists to choose the fields from.
function pairChooser(view) {
  const { table } = view;
  const panel = view.figure.panels[0];
  const { surface } = panel.series.find((item) => item.shape.surface).shape;
  const clouds = panel.series.map((item) => item.shape.cloud).filter(Boolean);
  const chosen = [...clouds[0].columns];
  const names = table.axes.slice(1, -1).map((axis) => axis.label);
  const lists = ["x", "y"].map((which, i) => {
    const list = element("select", { "aria-label": `field on the ${which} axis` }, ...names.map((name, k) => element("option", { value: String(k + 1) }, name)));
    list.value = String(chosen[i]);
    list.addEventListener("change", () => choose(i, Number(list.value)));
    return list;
  });
  function choose(i, column) {
    if (chosen[1 - i] === column) chosen[1 - i] = chosen[i];
    chosen[i] = column;
    lists.forEach((list, k) => (list.value = String(chosen[k])));
    [panel.x, panel.y] = chosen.map((index) => table.axes[index]);
    clouds.forEach((cloud) => {
      cloud.columns = [...chosen];
      cloud.places = null;
    });
    surface.made = interpolated(table, chosen);
    const values = surface.made.cells.filter((value) => !Number.isNaN(value));
    const [low, high] = [values.reduce((a, b) => Math.min(a, b), Infinity), values.reduce((a, b) => Math.max(a, b), -Infinity)];
    if (values.length) surface.scale.ends = surface.scale.ends[0] > surface.scale.ends[1] ? [high, low] : [low, high];
    view.setZoom(null);
  }
  return [lists[1], element("span", { class: "over" }, "over"), lists[0]];
}

// The colours of a scale between the values at its ends.
function colourStrip(scale) {
  const strip = element("i");
  const [dark, bright] = [element("span"), element("span")];
  const redraw = () => {
    strip.style.background = `linear-gradient(to right, ${scale.colours.map((pair) => (isDark() ? pair.dark : pair.light)).join(", ")})`;
    [dark.textContent, bright.textContent] = scale.ends.map((value) => number(value, 3));
  };
  redraw();
  return { element: element("div", { class: "strip" }, element("span", {}, scale.label), dark, strip, bright), redraw };
}
