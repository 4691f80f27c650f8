// Zoom: a box drawn with the mouse; all panels of the figure follow.
function zoomable(view, chart, place, panel) {
  const surface = chart.getZr();
  let start = null;
  let box = null;
  const end = () => {
    if (box) box.remove();
    box = null;
    start = null;
  };
  surface.on("mousedown", (event) => {
    if (event.event.button === 0 && !event.event.zrByTouch && chart.containPixel("grid", [event.offsetX, event.offsetY])) {
      start = [event.offsetX, event.offsetY];
    }
  });
  surface.on("mousemove", (event) => {
    if (!start) return;
    if (!box) {
      box = element("div", { class: "box" });
      place.append(box);
    }
    box.style.left = `${Math.min(start[0], event.offsetX)}px`;
    box.style.top = `${Math.min(start[1], event.offsetY)}px`;
    box.style.width = `${Math.abs(start[0] - event.offsetX)}px`;
    box.style.height = `${Math.abs(start[1] - event.offsetY)}px`;
  });
  surface.on("mouseup", (event) => {
    if (start && box) {
      const a = chart.convertFromPixel("grid", start);
      const b = chart.convertFromPixel("grid", [event.offsetX, event.offsetY]);
      const wide = Math.abs(start[0] - event.offsetX) > 8;
      const high = Math.abs(start[1] - event.offsetY) > 8;
      const ordered = (i, axis) => ({ axis: axisText(axis), range: [Math.min(a[i], b[i]), Math.max(a[i], b[i])] });
      if (wide || high) {
        const before = view.zoom || {};
        view.setZoom({ x: wide ? ordered(0, panel.x) : before.x, y: high ? ordered(1, panel.y) : before.y });
      }
    }
    end();
  });
  surface.on("globalout", end);
  surface.on("dblclick", () => view.setZoom(null));
}

function build(holder, figure) {
  const live = holder.querySelector(".live");
  const table = tables[holder.dataset.trials];
  const view = { figure, table, hidden: new Set(), zoom: null, logarithmic: false, focus: null, moment: null, charts: [], keys: [], notes: [] };
  views.push(view);
  view.redraw = () => {
    view.charts.forEach(({ chart, panel, large }) => chart.setOption(option(view, panel, large), { replaceMerge: ["series"] }));
    view.keys.forEach(({ button, key }) => {
      button.setAttribute("aria-pressed", String(!view.hidden.has(key)));
      button.querySelectorAll("[data-ink]").forEach((shape) => shape.setAttribute(shape.dataset.ink, colour(figure.legend[key])));
    });
    if (view.strip) view.strip.redraw();
    reset.hidden = !view.zoom;
  };
  view.setZoom = (zoom) => {
    view.zoom = zoom;
    view.redraw();
  };
  view.add = (place, panel, large) => {
    const chart = echarts.init(place, null, { renderer: "canvas" });
    const entry = { chart, panel, large };
    view.charts.push(entry);
    chart.setOption(option(view, panel, large));
    if (panel.series.some((item) => item.shape.strands)) selectable(view, chart, live);
    else if (!panel.series.some((item) => item.shape.histogram)) zoomable(view, chart, place.parentElement, panel);
    sizes.observe(place);
    place.dataset.chart = "drawn";
    return entry;
  };

  const reset = element("button", { type: "button", hidden: "", onclick: () => view.setZoom(null) }, "reset zoom");
  const actions = element("div", { class: "actions" }, reset);
  const keys = element("div", { class: "keys" });
  const named = figure.legend.map((key, i) => [key, i]).filter(([key]) => key.label);
  if (named.length > 1) {
    named.forEach(([key, i]) => keys.append(keyButton(view, key, i)));
  }
  if (named.length > 8) {
    const filter = element("input", { type: "search", placeholder: "filter", "aria-label": "filter the legend" });
    filter.addEventListener("input", () => {
      view.keys.forEach(({ button, key }) => {
        button.hidden = !figure.legend[key].label.toLowerCase().includes(filter.value.toLowerCase());
      });
    });
    const set = (on) => () => {
      view.keys.filter(({ button }) => !button.hidden).forEach(({ key }) => (on ? view.hidden.delete(key) : view.hidden.add(key)));
      view.redraw();
    };
    actions.prepend(filter, element("button", { type: "button", onclick: set(true) }, "all"), element("button", { type: "button", onclick: set(false) }, "none"));
  }
  const surface = shapeOf(figure, "surface");
  const scale = (surface || shapeOf(figure, "strands") || {}).scale;
  if (scale) {
    view.strip = colourStrip(scale);
    keys.append(view.strip.element);
  }
  if (surface && table) actions.prepend(...pairChooser(view));
  const linear = figure.panels.some((panel) => panel.y.scale === "linear" && !panel.y.unit.startsWith("share") && panel.series.some((item) => item.shape.line));
  if (linear && figure.panels.every((panel) => panel.series.every((item) => item.shape.line))) {
    const button = element("button", { type: "button", "aria-pressed": "false" }, "log scale");
    button.addEventListener("click", () => {
      view.logarithmic = !view.logarithmic;
      button.setAttribute("aria-pressed", String(view.logarithmic));
      view.setZoom(null);
    });
    actions.append(button);
  }
  actions.append(
    element("button", { type: "button", onclick: () => save(holder, figure, "svg") }, "SVG"),
    element("button", { type: "button", onclick: () => save(holder, figure, "png") }, "PNG"),
  );
  live.append(element("div", { class: "tools" }, keys, actions));
  if (figure.columns > 2 && figure.panels.length && sameAxis(figure.panels, "x") && sameAxis(figure.panels, "y")) {
    live.append(element("p", { class: "axes" }, `${axisText(figure.panels[0].y)} over ${axisText(figure.panels[0].x)}`));
  }

  const only = figure.columns > 2 && sameAxis(figure.panels, "y") && !sameAxis(figure.panels, "x") && axisText(figure.panels[0].y);
  if (only) live.append(element("p", { class: "axes" }, `${only} over what each panel names`));
  const headOf = (panel) => panel.title || (figure.columns > 2 && !sameAxis(figure.panels, "x") ? axisText(panel.x) : "");

  const width = { 1: 2000, 2: 380, 3: 290, 4: 225 }[figure.columns] || 168;
  const height = { 1: 380, 2: 310, 3: 230, 4: 185 }[figure.columns] || 150;
  const panels = element("div", { class: "panels" });
  panels.style.gridTemplateColumns = `repeat(auto-fill, minmax(${figure.columns > 3 ? `min(${width}px, 46%)` : `min(100%, ${width}px)`}, 1fr))`;
  panels.style.setProperty("--height", `${height}px`);
  for (const panel of figure.panels) {
    const place = element("div", { class: "chart" });
    const head = element("header", {}, element("b", { title: headOf(panel) }, headOf(panel)));
    if (panel.note) {
      const note = element("small", {}, oneLine(panel.note));
      head.append(note);
      view.notes.push({ note, panel });
    }
    if (figure.panels.length > 1) {
      head.append(element("button", { type: "button", title: "enlarge", "aria-label": `enlarge ${headOf(panel)}`, onclick: () => enlarge(view, panel) }, "⤢"));
    }
    const parts = panel.title || panel.note || figure.panels.length > 1 ? [head, place] : [place];
    panels.append(element("div", { class: "panel" }, ...parts));
    waiting.push({ place, draw: () => view.add(wrap(place), panel, false) });
  }
  const timeline = timelineOf(view);
  if (timeline) live.append(timeline);
  live.append(panels);
  view.redraw();
}

// The box of a zoom is placed against the chart, not against the panel's title.
function wrap(place) {
  const inner = element("div");
  inner.style.cssText = "position:absolute;inset:0";
  place.style.position = "relative";
  place.append(inner);
  return inner;
}

function keyButton(view, key, i) {
  const shapes = view.figure.panels.flatMap((panel) => panel.series).find((item) => item.key === i);
  if (!shapes) return "";
  const kind = shapes ? Object.keys(shapes.shape)[0] : "line";
  const space = "http://www.w3.org/2000/svg";
  const sample = document.createElementNS(space, "svg");
  const set = (node, attributes) => {
    Object.entries(attributes).forEach(([name, value]) => node.setAttribute(name, value));
    sample.append(node);
  };
  set(document.createElementNS(space, "g"), {});
  sample.setAttribute("height", "12");
  sample.setAttribute("aria-hidden", "true");
  sample.setAttribute("width", kind === "line" ? "26" : "12");
  if (kind === "line") {
    set(document.createElementNS(space, "path"), { d: "M0 6H26", "stroke-width": 2.2, "stroke-dasharray": key.dash.join(" "), "data-ink": "stroke" });
  } else if (kind === "boxes") {
    set(document.createElementNS(space, "path"), { d: "M0 1H12V11H0Z", "fill-opacity": Math.max(0.3, shapes.shape.boxes.opacity), "data-ink": "fill" });
  } else if (key.marker === "cross") {
    set(document.createElementNS(space, "path"), { d: "M2 2 10 10M10 2 2 10", "stroke-width": 2, "data-ink": "stroke" });
  } else {
    const d = { circle: "M6 2a4 4 0 1 0 .01 0Z", diamond: "M6 0 12 6 6 12 0 6Z", triangle: "M6 1 12 11H0Z" }[key.marker];
    set(document.createElementNS(space, "path"), { d, "data-ink": "fill" });
  }
  const isHeavy = view.table && view.table.groups.length > 2000 && view.figure.panels.length > 1;
  const focus = (value) => () => {
    // Drawing so many points anew at each move of the pointer would make the page slow.
    if (isHeavy) return;
    view.focus = view.hidden.has(i) ? null : value;
    view.redraw();
  };
  const button = element(
    "button",
    {
      type: "button", class: "key", "aria-pressed": "true", title: "click: on or off; double click: only this",
      onclick: () => {
        if (!view.hidden.delete(i)) view.hidden.add(i);
        view.redraw();
      },
      ondblclick: () => {
        const alone = view.hidden.size === view.figure.legend.length - 1 && !view.hidden.has(i);
        view.hidden = new Set(alone ? [] : view.figure.legend.keys());
        view.hidden.delete(i);
        view.redraw();
      },
      onmouseenter: focus(i), onmouseleave: focus(null),
    },
    sample, element("span", {}, key.label),
  );
  view.keys.push({ button, key: i });
  return button;
}

// One panel over the whole window.
const dialog = document.getElementById("large");
function enlarge(view, panel) {
  dialog.querySelector("h2").textContent = panel.title || [panel.y, panel.x].map(axisText).filter(Boolean).join(" over ");
  const place = dialog.querySelector(".chart");
  dialog.showModal();
  const entry = view.add(wrap(place), panel, true);
  dialog.addEventListener("close", () => {
    view.charts = view.charts.filter((other) => other !== entry);
    entry.chart.dispose();
    place.replaceChildren();
  }, { once: true });
}

// The still picture as a file.
function save(holder, figure, kind) {
  const picture = holder.querySelector(".still svg");
  const text = new XMLSerializer().serializeToString(picture);
  const url = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  const download = (href) => element("a", { href, download: `${figure.name}.${kind}` }).click();
  if (kind === "svg") {
    download(url);
    return;
  }
  const image = new Image();
  image.onload = () => {
    const canvas = element("canvas", { width: 2 * image.width, height: 2 * image.height });
    const context = canvas.getContext("2d");
    context.scale(2, 2);
    context.drawImage(image, 0, 0);
    download(canvas.toDataURL("image/png"));
  };
  image.src = url;
}
