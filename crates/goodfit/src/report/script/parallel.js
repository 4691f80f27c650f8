// All fields at once: a line for each trial across parallel axes; stretches of the axes can be selected.

// The best trials, and of the others so many that a browser stays quick; the best are drawn last.
function chosenRows(table) {
  const all = [...rowsOf(table, "b"), ...rowsOf(table, "c")];
  const best = 200;
  const others = all.slice(best);
  const every = Math.max(1, Math.ceil(others.length / 600));
  return [...all.slice(0, best), ...others.filter((_, i) => i % every === 0)].reverse();
}

const absent = -0.09;
// Choices a little apart, so that the colours of many lines through one place can be seen.
function placeOnAxis(table, axis, index, row) {
  const exact = table.columns[index][row];
  if (exact === null) return absent;
  return place(axis, axis.names ? exact + 0.5 * (columnOf(table, index)[row] - exact) : exact);
}

function parallelOption(view, panel) {
  const { strands } = panel.series[0].shape;
  const { table } = view;
  view.lines ||= chosenRows(table);
  const columns = strands.axes.map((_, i) => table.columns[i + 1]);
  const value = columns[columns.length - 1];
  const lacks = columns.map((column) => view.lines.some((row) => column[row] === null));
  const hasGaps = lacks.some(Boolean);
  const colourOf = (row) => `rgb(${shade(strands.scale, placeOn(strands.scale, value[row])).join(",")})`;
  const ink = css("--text");
  return {
    animation: false, backgroundColor: "transparent", textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
    aria: { enabled: true, label: { description: view.figure.title } },
    parallel: { left: 28, right: 70, top: 46, bottom: 16, axisExpandable: false },
    parallelAxis: strands.axes.map((axis, dim) => {
      const marks = axis.names ? axis.names.map((_, i) => i) : ticks(...axis.range, axis.scale === "log", 5);
      const texts = new Map(marks.map((mark) => [place(axis, mark).toFixed(6), axis.names ? axis.names[mark] : number(mark, 3)]));
      if (lacks[dim]) texts.set(absent.toFixed(6), "none");
      const customValues = [...texts.keys()].map(Number);
      return {
        dim, type: "value", min: hasGaps ? absent - 0.01 : 0, max: 1, name: twoLines(axis.label), nameLocation: "end", nameGap: 14,
        nameTextStyle: { color: ink, fontSize: 12, fontWeight: 600, lineHeight: 14 },
        axisLine: { lineStyle: { color: css("--frame"), width: 1.2 } }, axisTick: { customValues, lineStyle: { color: css("--frame") } },
        axisLabel: {
          customValues, color: ink, fontSize: 10.5, hideOverlap: true, textBorderColor: css("--page"), textBorderWidth: 3, margin: 6,
          width: 76, overflow: "truncate", formatter: (at) => texts.get(at.toFixed(6)) || "",
        },
        areaSelectStyle: { width: 16, borderWidth: 1, borderColor: css("--link"), color: css("--link"), opacity: 0.18 },
      };
    }),
    tooltip: {
      trigger: "item", appendTo: document.body, backgroundColor: css("--page"), borderColor: css("--line"), padding: [8, 12], transitionDuration: 0,
      textStyle: { color: ink, fontSize: 12.5 },
      formatter: (parameter) => {
        const out = element("div", { class: "tip" });
        const row = view.lines[parameter.dataIndex];
        trialRows(table, row, out, (name, text) => {
          const square = element("i");
          square.style.background = colourOf(row);
          out.append(element("div", {}, square, element("span", {}, name), element("b", {}, text)));
        });
        return out;
      },
    },
    series: [{
      type: "parallel", name: "0", progressive: 300, progressiveThreshold: 600, inactiveOpacity: 0.03, activeOpacity: 0.9,
      lineStyle: { width: view.lines.length > 200 ? 1 : 1.5, opacity: view.lines.length > 400 ? 0.35 : 0.7 },
      emphasis: { lineStyle: { width: 3, opacity: 1 } },
      data: view.lines.map((row) => ({
        value: strands.axes.map((axis, i) => placeOnAxis(table, axis, i + 1, row)), lineStyle: { color: colourOf(row) },
      })),
    }],
  };
}

// A name of several words in two lines.
function twoLines(name) {
  const words = name.split(" ");
  const half = Math.ceil(words.length / 2);
  return words.length > 1 ? `${words.slice(0, half).join(" ")}\n${words.slice(half).join(" ")}` : name;
}

// What lies in the selected stretches, in words below the chart.
function selectable(view, chart, live) {
  const { table } = view;
  const complete = rowsOf(table, "b").length + rowsOf(table, "c").length;
  const hint = `${chosenRows(table).length} of ${complete} complete trials drawn. Draw along an axis to select a stretch of it; click the axis to give it up.`;
  const words = element("p", { class: "note" }, hint);
  live.append(words);
  chart.on("axisareaselected", () => {
    const inside = chart.getModel().getSeriesByIndex(0).getRawIndicesByActiveState("active");
    const rows = inside.map((i) => view.lines[i]);
    const last = table.columns[table.columns.length - 1];
    if (!rows.length || rows.length === view.lines.length) {
      words.textContent = hint;
      return;
    }
    const best = Math.min(...rows);
    words.textContent = `${rows.length} of ${view.lines.length} trials drawn are selected; the best of them is trial ${table.columns[0][best]} with ${number(last[best])}.`;
  });
}
